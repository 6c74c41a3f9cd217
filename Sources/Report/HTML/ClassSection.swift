import Runs
import SegEval
import Support

/// IoU by class for every arm; distilled arms with their difference from the plain student.
struct ClassSection: Sendable {
    let arms: [Arm]
    let comparison: Comparison
    let colors: [String: Int]

    func html() -> String {
        guard let metrics = arms.flatMap(\.scored).first?.metrics else { return "" }
        let scored = arms.filter { !$0.scored.isEmpty }
        let reference = scored.first { $0.name == comparison.reference }
        let base = reference?.classIoU ?? []
        let pixels = metrics.confusion.map { $0.reduce(0, +) }
        let all = Double(max(pixels.reduce(0, +), 1))
        func compared(_ arm: Arm) -> Bool { reference != nil && arm.name != reference?.name && !arm.isTeacher }
        let largest = scored.filter(compared).flatMap { zip($0.classIoU, base).compactMap(Self.difference).map(abs) }.max() ?? 0

        let head = scored.map { arm in
            let dot = "<span class=\"dot c\(colors[arm.name] ?? 0)\"></span>"
            return "<th>\(dot)\(escaped(arm.name))</th>" + (compared(arm) ? "<th></th>" : "")
        }
        var rows = ""
        for (index, label) in metrics.classes.enumerated() {
            var row = "<td>\(swatch(label.color))\(escaped(label.name))</td>"
            row += "<td class=\"soft\">\(percentage(Double(pixels[index]) / all))</td>"
            for arm in scored {
                let value = arm.classIoU[index]
                row += "<td>\(value.map { percentage($0) } ?? "–")</td>"
                if compared(arm) {
                    let difference = Self.difference(value, base[index])
                    row += "<td class=\"text\">\(difference.map { bar($0, largest) } ?? "")</td>"
                }
            }
            rows += "<tr>\(row)</tr>"
        }
        var total = "<td>mean</td><td></td>"
        for arm in scored {
            let mean = arm.meanIoU?.mean ?? .nan
            total += "<td>\(percentage(mean))</td>"
            if compared(arm) { total += "<td class=\"text\">\(bar(mean - (reference?.meanIoU?.mean ?? .nan), largest))</td>" }
        }
        return "<h2>Classes</h2><p class=\"note\">IoU in per cent, means over the seeds"
            + (largest > 0 ? "; bars show the difference from \(escaped(comparison.reference))" : "") + ".</p>"
            + "<div class=\"card\"><table><tr><th>class</th><th>pixels, %</th>\(head.joined())</tr>\(rows)<tr class=\"total\">\(total)</tr></table></div>"
    }

    private static func difference(_ value: Double?, _ base: Double?) -> Double? {
        guard let value, let base else { return nil }
        return value - base
    }

    private func bar(_ difference: Double, _ largest: Double) -> String {
        let share = largest > 0 ? min(abs(difference) / largest, 1) * 50 : 0
        let side = difference >= 0 ? "left:50%" : "right:50%"
        let style = difference >= 0 ? "up" : "down"
        return "<span class=\"diff \(style)\"><i style=\"\(side);width:\(coordinate(share))%\"></i></span> \(coloredPoints(difference))"
    }
}
