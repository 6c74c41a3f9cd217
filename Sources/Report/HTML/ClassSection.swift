import Runs
import SegEval
import Support

/// IoU by class for every arm; distilled arms with their difference from the plain student, and how sure that is.
struct ClassSection: Sendable {
    let arms: [Arm]
    let comparison: Comparison
    let colors: [String: Int]

    func html() -> String {
        guard let metrics = arms.flatMap(\.scored).first?.metrics else { return "" }
        let scored = arms.filter { !$0.scored.isEmpty }
        let differences = Dictionary(uniqueKeysWithValues: scored.compactMap { arm in difference(of: arm).map { (arm.name, $0) } })
        let pixels = metrics.confusion.map { $0.reduce(0, +) }
        let all = Double(max(pixels.reduce(0, +), 1))
        let largest = differences.values.flatMap(\.statistics.classes).map { abs($0.difference) }.max() ?? 0

        let head = scored.map { arm in
            let dot = "<span class=\"dot c\(colors[arm.name] ?? 0)\"></span>"
            let interval =
                differences[arm.name].map { "<th class=\"text\" colspan=\"2\">against \(escaped($0.reference)), 95 %</th>" } ?? ""
            return "<th>\(dot)\(escaped(arm.name))</th>" + interval
        }
        var rows = ""
        for (index, label) in metrics.classes.enumerated() {
            var row = "<td>\(swatch(label.color))\(escaped(label.name))</td>"
            row += "<td class=\"soft\">\(percentage(Double(pixels[index]) / all))</td>"
            for arm in scored {
                row += "<td>\(arm.classIoU[index].map { percentage($0) } ?? "–")</td>"
                guard let statistics = differences[arm.name]?.statistics else { continue }
                let found = statistics.classes.first { $0.index == index }
                row += differenceCells(found.map { ($0.difference, $0.interval, $0.outcome) }, largest)
            }
            rows += "<tr>\(row)</tr>"
        }
        var total = "<td>mean</td><td></td>"
        for arm in scored {
            total += "<td>\(percentage(arm.meanIoU?.mean ?? .nan))</td>"
            guard let mean = differences[arm.name]?.statistics else { continue }
            total += differenceCells((mean.difference, mean.interval, mean.outcome), largest)
        }
        return "<h2>Classes</h2><p class=\"note\">\(note(differences))</p><div class=\"card\"><table>"
            + "<tr><th>class</th><th>pixels, %</th>\(head.joined())</tr>\(rows)<tr class=\"total\">\(total)</tr></table></div>"
    }

    /// Not of the teacher, whose lead would dwarf the others.
    private func difference(of arm: Arm) -> Comparison.Difference? {
        arm.isTeacher ? nil : comparison.differences.first { $0.arm == arm.name }
    }

    private func note(_ differences: [String: Comparison.Difference]) -> String {
        var text = "IoU in per cent, means over the seeds."
        if let count = differences.values.map(\.statistics.classes.count).max(), count > 0 {
            text +=
                " Bars and points show the difference, coloured where the statistics show one: for a class, with all \(count) classes "
                + "taken into account (Holm's method, 5 % for all together). An interval is of its class alone."
        }
        return text
    }
}

/// Two cells: bar and points, then the interval.
/// - Parameter largest: the difference whose bar is as long as it can be.
func differenceCells(
    _ found: (difference: Double, interval: Interval?, outcome: PairedComparison.Outcome)?, _ largest: Double
) -> String {
    guard let found else { return "<td></td><td></td>" }
    let share = largest > 0 ? min(abs(found.difference) / largest, 1) * 50 : 0
    let side = found.difference >= 0 ? "left:50%" : "right:50%"
    let style = found.outcome.style
    let bar = "<span class=\"diff \(style)\"><i style=\"\(side);width:\(coordinate(share))%\"></i></span>"
    return "<td class=\"text\">\(bar) \(coloredPoints(found.difference, found.outcome))</td>"
        + "<td class=\"text soft\">\(found.interval.map(points) ?? "")</td>"
}
