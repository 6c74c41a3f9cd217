import SegEval
import Support

/// The differences at the borders between classes: boundary IoU and F1, trimaps.
struct BorderSection: Sendable {
    let comparison: Comparison
    let colors: [String: Int]

    func html() -> String {
        let students = comparison.differences.filter { difference in
            !difference.borders.isEmpty && (comparison.differences.count == 1 || comparison.arms[named: difference.arm]?.role != .teacher)
        }
        guard !students.isEmpty else { return "" }
        var rows = ""
        for difference in students {
            for border in difference.borders {
                let statistics = border.statistics
                var row = "<td><span class=\"dot c\(colors[difference.arm] ?? 0)\"></span>\(escaped(difference.arm))</td>"
                row += "<td class=\"text\">\(escaped(border.measure.title))</td>"
                row += "<td>\(percentage(border.reference))</td><td>\(percentage(border.arm))</td>"
                row += "<td>\(coloredPoints(statistics.difference, statistics.outcome))</td>"
                row += "<td>\(statistics.interval.map(points) ?? "–")</td><td class=\"text\">\(statistics.outcome.words)</td>"
                rows += "<tr>\(row)</tr>"
            }
        }
        let head =
            "<th>arm</th><th class=\"text\">measure</th><th>reference</th><th>arm</th><th>difference</th><th>95 % interval</th>"
            + "<th class=\"text\">verdict</th>"
        return
            "<h2>Borders between classes</h2><p class=\"note\">Means over classes and seeds, in per cent. Each interval stands for itself.</p>"
            + "<div class=\"card\"><table><tr>\(head)</tr>\(rows)</table></div>"
    }
}
