extension DatasetKind {
    /// The pages of all sets, as they stand in docs/data.md: a table, then layout, licence and source of each.
    public static var markdown: String {
        let rows = all.map { kind in
            "| [`\(kind.name)`](#\(kind.name)) | \(kind.title) | \(kind.classes.map { String($0.count) } ?? "") | "
                + "\(kind.instanceClasses.map { String($0.count) } ?? "") | \(kind.summary) |"
        }
        let table = ["| name | set | classes | objects | what it shows |", "|---|---|--:|--:|---|"] + rows
        return (table + [""] + all.map(\.page)).joined(separator: "\n")
    }

    private var page: String {
        var lines = ["### \(name)", "", "\(title): \(summary).", ""]
        lines += ["- licence: \(license)", "- where to get it: \(source)"]
        lines.append("- splits: \(splits.isEmpty ? "yours" : splitList)")
        if let classes {
            lines.append("- \(classes.count) classes\(classes.count <= 32 ? ": " + classes.names.joined(separator: ", ") : "")")
        }
        if let instanceClasses {
            let names = instanceClasses.count <= 32 ? ": " + instanceClasses.names.joined(separator: ", ") : ""
            lines.append("- objects of \(instanceClasses.count) \(instanceClasses.count == 1 ? "class" : "classes")\(names)")
        }
        lines.append("- ignored: \(ignored)")
        if !domains.isEmpty { lines.append("- domains: \(domains.joined(separator: ", "))") }
        let maps = (classes.map { ClassMap.all(from: $0) } ?? [:]).filter { $0.value.target != classes }.keys.sorted()
        if !maps.isEmpty { lines.append("- class maps: \(maps.map { "`\($0)`" }.joined(separator: ", "))") }
        return (lines + ["", "```", layout, "```", ""]).joined(separator: "\n")
    }

    /// The splits; of a condition's many only the first are shown.
    public var splitList: String { splits.prefix(12).joined(separator: ", ") + (splits.count > 12 ? ", …" : "") }
}
