import Support

/// Whether the arms were treated alike: what differs beside distillation, and what is not known.
struct FairnessSection: Sendable {
    let comparison: Comparison
    let colors: [String: Int]

    func html() -> String {
        let students = comparison.differences.filter {
            comparison.differences.count == 1 || comparison.arms[named: $0.arm]?.role != .teacher
        }
        guard !students.isEmpty else { return "" }
        return "<h2>Were they treated alike?</h2>" + students.map(part).joined()
    }

    private func part(_ difference: Comparison.Difference) -> String {
        let names = "\(escaped(difference.arm)) and \(escaped(difference.reference))"
        let unequal = difference.unequal.map(\.rawValue).joined(separator: ", ")
        let seeds = difference.statistics.seeds.count
        let pairs = seeds > 0 ? ", paired by \(seeds == 1 ? "one seed" : "\(seeds) seeds")" : ""
        let verdict =
            unequal.isEmpty
            ? "Nothing is known to differ between \(names) that the scores could depend on\(pairs)."
            : "<b>\(names) differ in \(unequal)</b>: part of the difference may come from that."
        var html = "<p><span class=\"dot c\(colors[difference.arm] ?? 0)\"></span>\(verdict)</p>"
        html += difference.notes.map { "<p class=\"note\">\(escaped($0))</p>" }.joined()
        guard !difference.conditions.isEmpty else { return html }
        var rows = ""
        for condition in difference.conditions {
            let soft = condition.condition == .budget ? "comes with the method" : "rounding, or a seed's own"
            var row = "<td>\(condition.condition.rawValue)</td><td class=\"text\">\(escaped(condition.key))</td>"
            row += "<td class=\"text\">\(escaped(condition.arm))</td><td class=\"text\">\(escaped(condition.reference))</td>"
            row += "<td class=\"text\">\(condition.isFatal ? "may change scores" : soft)</td>"
            rows += "<tr\(condition.isFatal ? "" : " class=\"soft\"")>\(row)</tr>"
        }
        let head =
            "<th>condition</th><th class=\"text\">what</th><th class=\"text\">\(escaped(difference.arm))</th>"
            + "<th class=\"text\">\(escaped(difference.reference))</th><th></th>"
        return html + "<div class=\"card conditions\"><table><tr>\(head)</tr>\(rows)</table></div>"
    }
}
