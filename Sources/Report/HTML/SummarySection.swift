import SegEval
import Support

/// The top of the page: the verdict, the arms' table, the differences with their intervals.
struct SummarySection: Sendable {
    let arms: [Arm]
    /// Nil while no run has been evaluated.
    let comparison: Comparison?
    let colors: [String: Int]

    func html() -> String { headline + table + differences }

    private var headline: String {
        guard let comparison else {
            let info = arms[0].info
            return "<h1>\(escaped(info.model)) on \(escaped(info.dataset)): not evaluated yet</h1>"
                + "<p class=\"lead soft\">Run <code>segdistill evaluate</code> on the runs to compare them.</p>"
        }
        let images = comparison.images > 0 ? ", \(comparison.images) images" : ""
        let data = "\(comparison.dataset), \(comparison.split)\(images), \(comparison.protocolName)"
        let eyebrow = "<div class=\"eyebrow\">\(escaped(data))</div>"
        guard let difference = comparison.headline ?? comparison.differences.last else {
            let arm = comparison.arms[0]
            return eyebrow + "<h1>\(escaped(arm.arm)): \(meanAndSpread(arm.meanIoU, arm.standardDeviation)) % mIoU</h1>"
        }
        let (style, word) = Self.badge(difference)
        var details = escaped(difference.verdict.details)
        if let gap = difference.gapClosed, gap > 0.005 {
            details += " That is \(percentage(gap, digits: 0)) % of the way from \(escaped(difference.reference)) to the teacher."
        }
        return eyebrow + "<h1>\(escaped(difference.verdict.headline))</h1>"
            + "<p class=\"lead\"><span class=\"badge \(style)\">\(word)</span> \(details)</p>"
    }

    /// A difference may be shown without distillation being what made it.
    private static func badge(_ difference: Comparison.Difference) -> (style: String, word: String) {
        let isFair = difference.unequal.isEmpty
        switch difference.statistics.outcome {
        case .better: return isFair ? ("better", "shown") : ("unsure", "shown, on unequal terms")
        case .worse: return isFair ? ("worse", "shown") : ("unsure", "shown, on unequal terms")
        case .noDifferenceShown: return ("unsure", "not shown")
        case .seedsMissing: return ("unsure", "too few seeds")
        }
    }

    private var table: String {
        let best = arms.compactMap { $0.meanIoU?.mean }.max() ?? 1
        let gaps = comparison?.differences.contains { $0.gapClosed != nil } == true
        let rates = arms.contains { $0.imagesPerSecond != nil }
        let reference = comparison.map { $0.hasOneReference ? escaped($0.reference) : "its own" } ?? ""
        var head = "<th>arm</th><th class=\"text\">model</th><th>parameters</th><th>seeds</th>"
        head += "<th>mIoU, %</th><th></th><th>pixel accuracy, %</th>"
        if rates { head += "<th>images/s</th>" }
        if comparison?.differences.isEmpty == false { head += "<th>against \(reference)</th>" }
        if gaps { head += "<th>gap closed</th>" }
        let rows = arms.map { arm in
            let difference = comparison?.differences.first { $0.arm == arm.name }
            let score = arm.meanIoU
            var row = "<td><span class=\"dot c\(colors[arm.name] ?? 0)\"></span>\(escaped(arm.name))</td>"
            row += "<td class=\"text\">\(escaped(arm.info.model))</td>"
            row += "<td>\(arm.parameters.map(abbreviated) ?? "–")</td><td>\(arm.runs.count)</td>"
            row += "<td><b>\(score.map { meanAndSpread($0.mean, $0.standardDeviation) } ?? "–")</b></td>"
            row += "<td class=\"text\">\(meter(score?.mean ?? 0, best, colors[arm.name] ?? 0))</td>"
            row += "<td>\(arm.spread(\.pixelAccuracy).map { meanAndSpread($0.mean, nil) } ?? "–")</td>"
            if rates { row += "<td>\(arm.imagesPerSecond.map(significant) ?? "–")</td>" }
            if comparison?.differences.isEmpty == false {
                row += "<td>\(difference.map { coloredPoints($0.statistics.difference, $0.statistics.outcome) } ?? "")</td>"
            }
            if gaps { row += "<td>\(difference?.gapClosed.map { percentage($0, digits: 0) + " %" } ?? "")</td>" }
            return "<tr>\(row)</tr>"
        }
        return "<div class=\"card\"><table><tr>\(head)</tr>\(rows.joined())</table></div>"
    }

    private func meter(_ value: Double, _ best: Double, _ color: Int) -> String {
        let width = coordinate(max(0, value / max(best, 1e-9)) * 100)
        return "<span class=\"meter c\(color)\"><i style=\"width:\(width)%\"></i></span>"
    }

    private var differences: String {
        guard let comparison, !comparison.differences.isEmpty else { return "" }
        // The teacher's lead would dwarf the differences that the page is about.
        let students = comparison.differences.filter { difference in
            comparison.differences.count == 1 || !arms.contains { $0.name == difference.arm && $0.isTeacher }
        }
        let rows = students.map { difference in
            let statistics = difference.statistics
            var parts: [(name: String, interval: Interval)] = []
            if let interval = statistics.seedInterval { parts.append(("over seeds", interval)) }
            if let interval = statistics.imageInterval { parts.append(("over images", interval)) }
            return IntervalChart.Row(
                label: difference.arm, color: colors[difference.arm] ?? 0, difference: statistics.difference,
                interval: statistics.interval, parts: parts.count > 1 ? parts : [], seeds: statistics.differences)
        }
        var text =
            "mIoU points against \(comparison.hasOneReference ? escaped(comparison.reference) : "each arm's own reference"). The pale bar is the 95 % interval on which the verdict rests, "
            + "the large dot the mean, small ones the seeds."
        if students.count > 1 {
            text += " Each interval stands for itself: among many methods one may seem better by luck."
        }
        let verdicts = students.count > 1 ? students.map(verdict).joined() : ""
        let chart = "<div class=\"card\">\(IntervalChart(rows: rows).html)</div>"
        return "<h2>How sure is that?</h2><p class=\"note\">\(text)</p>\(chart)\(verdicts)"
    }

    private func verdict(_ difference: Comparison.Difference) -> String {
        "<p><span class=\"dot c\(colors[difference.arm] ?? 0)\"></span><b>\(escaped(difference.verdict.headline)).</b> "
            + "\(escaped(difference.verdict.details))</p>"
    }
}

/// `+2.3` in the colour of gains, `−0.4` in that of losses, where the statistics say that there is one.
func coloredPoints(_ difference: Double, _ outcome: PairedComparison.Outcome) -> String {
    element("span", ["class": outcome.style], signedPoints(difference))
}

extension PairedComparison.Outcome {
    /// The style of what it colours.
    var style: String {
        switch self {
        case .better: "up"
        case .worse: "down"
        case .noDifferenceShown, .seedsMissing: "soft"
        }
    }
}
