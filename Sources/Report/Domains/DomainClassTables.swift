import Runs
import SegEval
import Support

/// The classes on the targets: their means with differences and kept shares, then every domain in a fold.
struct DomainClassTables: Sendable {
    let domains: DomainComparison
    let arms: [Arm]
    let colors: [String: Int]

    func html() -> String {
        guard let classes = arms.flatMap(\.scored).first?.metrics?.classes else { return "" }
        let folds =
            [domain(domains.source.name + ", the source", 0, classes)]
            + domains.targets.enumerated().map { domain($1.name, $0 + 1, classes) }
        return "<h3>Classes on the targets</h3><p class=\"note\">\(note)</p>" + means(classes) + folds.joined()
    }

    private var note: String {
        var text = "IoU in per cent: of each class the mean over the targets that have it, and over the seeds."
        if domains.arms.contains(where: { $0.retained != nil }) { text += " Kept: as a share of the teacher’s." }
        if let count = domains.differences.map(\.statistics.classes.count).max(), count > 0 {
            text += " Differences are coloured where the statistics show one with all \(count) classes taken into account (Holm’s method)."
        }
        return text
    }

    private func heading(_ arm: DomainComparison.ArmScores) -> String {
        "<th><span class=\"dot c\(colors[arm.arm] ?? 0)\"></span>\(escaped(arm.arm))</th>"
    }

    private func difference(_ arm: DomainComparison.ArmScores) -> DomainComparison.Difference? {
        arm.role == .teacher ? nil : domains.differences.first { $0.arm == arm.arm }
    }

    private func means(_ classes: [ScoredClass]) -> String {
        let shown = domains.arms.compactMap(difference)
        let largest = shown.flatMap(\.statistics.classes).map { abs($0.difference) }.max() ?? 0
        let head = domains.arms.map { arm in
            heading(arm) + (arm.retained == nil ? "" : "<th>kept</th>")
                + (difference(arm).map { "<th class=\"text\" colspan=\"2\">against \(escaped($0.reference)), 95 %</th>" } ?? "")
        }
        func row(_ title: String, _ cells: (DomainComparison.ArmScores) -> (Double?, Double?, SureCell?)) -> String {
            var row = "<td>\(title)</td>"
            for arm in domains.arms {
                let (score, kept, found) = cells(arm)
                row += "<td>\(score.map { percentage($0) } ?? "–")</td>"
                if arm.retained != nil { row += "<td class=\"soft\">\(kept.map { percentage($0, digits: 0) + " %" } ?? "–")</td>" }
                if difference(arm) != nil { row += differenceCells(found, largest) }
            }
            return row
        }
        var rows = ""
        for (index, label) in classes.enumerated() {
            let cells = row(swatch(label.color) + escaped(label.name)) { arm in
                let found = difference(arm)?.statistics.classes.first { $0.index == index }
                return (
                    arm.targetClassIoU[index], arm.retainedByClass?[index], found.map { ($0.difference, $0.interval, $0.outcome) }
                )
            }
            rows += "<tr>\(cells)</tr>"
        }
        let total = row("mean") { arm in
            let found = difference(arm)?.statistics
            return (arm.targetMean.mean, arm.retained, found.map { ($0.difference, $0.interval, $0.outcome) })
        }
        return "<div class=\"card\"><table><tr><th>class</th>\(head.joined())</tr>\(rows)<tr class=\"total\">\(total)</tr></table></div>"
    }

    private typealias SureCell = (difference: Double, interval: Interval?, outcome: PairedComparison.Outcome)

    /// A fold with the classes of one domain; what students keep of the teacher's mean stands below.
    private func domain(_ title: String, _ place: Int, _ classes: [ScoredClass]) -> String {
        var rows = ""
        for (index, label) in classes.enumerated() {
            let cells = domains.arms.map { "<td>\($0.classIoU[place][index].map { percentage($0) } ?? "–")</td>" }
            rows += "<tr><td>\(swatch(label.color))\(escaped(label.name))</td>\(cells.joined())</tr>"
        }
        let means = domains.arms.map { "<td>\((place == 0 ? $0.source : $0.targets[place - 1]).text)</td>" }
        rows += "<tr class=\"total\"><td>mean</td>\(means.joined())</tr>"
        if place > 0, domains.arms.contains(where: { $0.retained != nil }) {
            let kept = domains.arms.map { "<td>\($0.retainedByTarget?[place - 1].map { percentage($0) + " %" } ?? "")</td>" }
            rows += "<tr class=\"soft\"><td>kept of the teacher’s</td>\(kept.joined())</tr>"
        }
        let head = "<tr><th>class</th>\(domains.arms.map(heading).joined())</tr>"
        return "<details><summary>\(escaped(title))</summary><table>\(head)\(rows)</table></details>"
    }
}
