import SegEval
import Support

/// The top of a page on runs that tell objects apart: the verdict, the arms' table, the differences with their intervals.
struct ObjectSection: Sendable {
    let comparison: ObjectComparison
    let colors: [String: Int]

    func html() -> String { headline + table + chart }

    private var headline: String {
        let data = "\(comparison.dataset), \(comparison.split), \(comparison.images) images, \(comparison.protocolName)"
        let eyebrow = "<div class=\"eyebrow\">\(escaped(data))</div>"
        guard let difference = comparison.headline ?? comparison.differences.last else {
            let arm = comparison.arms[0]
            let score = arm.spread(comparison.measure).map { meanAndSpread($0.mean, $0.standardDeviation) } ?? "–"
            return eyebrow + "<h1>\(escaped(arm.arm)): \(score) % \(comparison.measure.rawValue) of masks</h1>"
        }
        return eyebrow + "<h1>\(escaped(difference.verdict.headline))</h1><p class=\"lead\">\(escaped(difference.verdict.details))</p>"
    }

    private var table: String {
        let measures = ObjectMeasure.allCases.filter { measure in comparison.arms.contains { $0.spread(measure) != nil } }
        var head = "<th>arm</th><th class=\"text\">model</th><th>parameters</th><th>seeds</th>"
        head += measures.map { "<th>\($0.rawValue), %</th>" }.joined()
        if !comparison.differences.isEmpty { head += "<th>\(comparison.measure.rawValue) against \(escaped(comparison.reference))</th>" }
        let rows = comparison.arms.map { arm in
            var row = "<td><span class=\"dot c\(colors[arm.arm] ?? 0)\"></span>\(escaped(arm.arm))</td>"
            row += "<td class=\"text\">\(escaped(arm.model))</td>"
            row += "<td>\(arm.parameters.map(abbreviated) ?? "–")</td><td>\(arm.seeds.count)</td>"
            for measure in measures {
                row += "<td>\(arm.spread(measure).map { meanAndSpread($0.mean, $0.standardDeviation) } ?? "–")</td>"
            }
            if !comparison.differences.isEmpty {
                let statistics = comparison.differences.first { $0.arm == arm.arm }?.statistics
                row += "<td>\(statistics.map { coloredPoints($0.difference, $0.outcome) } ?? "")</td>"
            }
            return "<tr>\(row)</tr>"
        }
        return "<div class=\"card\"><table><tr>\(head)</tr>\(rows.joined())</table></div>"
    }

    private var chart: String {
        let rows = comparison.differences.map { difference in
            IntervalChart.Row(
                label: difference.arm, color: colors[difference.arm] ?? 0, difference: difference.statistics.difference,
                interval: difference.statistics.interval, parts: [], seeds: difference.statistics.differences)
        }
        guard !rows.isEmpty else { return "" }
        let text =
            "\(comparison.measure.rawValue) points of masks. The pale bar is the 95 % interval over the seeds, the large dot the mean, small ones the seeds."
        let verdicts = comparison.differences.map { difference in
            "<p><span class=\"dot c\(colors[difference.arm] ?? 0)\"></span><b>\(escaped(difference.verdict.headline)).</b> "
                + escaped(([difference.verdict.details] + difference.notes).joined(separator: " ")) + "</p>"
        }
        return
            "<h2>How sure is that?</h2><p class=\"note\">\(text)</p><div class=\"card\">\(IntervalChart(rows: rows, measure: comparison.measure.rawValue).html)</div>"
            + verdicts.joined()
    }
}
