import SegEval
import Support

/// How far the arms generalise: source against targets, what students keep of the teacher's scores, classes.
struct DomainSection: Sendable {
    let comparison: Comparison
    let arms: [Arm]
    let colors: [String: Int]

    /// Empty when no run was tested on target domains.
    func html() -> String {
        guard let domains = comparison.domains else { return "" }
        let legend = domains.arms.map { "<li>\(dot($0.arm))\(escaped($0.arm))</li>" }.joined()
        let notes = domains.notes.map { "<p class=\"note\">\(escaped($0))</p>" }.joined()
        return "<h2>Other domains</h2><p class=\"note\">\(introduction(domains))</p><ul class=\"legend\">\(legend)</ul>"
            + "<div class=\"card\">\(chart(domains).html)</div>" + table(domains) + verdicts(domains) + notes
            + DomainClassTables(domains: domains, arms: arms, colors: colors).html()
    }

    private func introduction(_ domains: DomainComparison) -> String {
        var text =
            "Trained on \(escaped(domains.source.name)) alone, tested unchanged on the others. mIoU in per cent; large dots are means over the "
            + "seeds, small ones seeds. <b>Targets</b>: the mean over the targets, each with the same weight. <b>Gap</b>: source − targets."
        if domains.arms.contains(where: { $0.retained != nil }) {
            text +=
                " <b>Kept</b>: the arm’s score on the targets as a share of the teacher’s. <b>Gap closed</b>: of the distance there between "
                + "reference and teacher, the share that the arm gained."
        }
        return text
    }

    private func dot(_ arm: String) -> String { "<span class=\"dot c\(colors[arm] ?? 0)\"></span>" }

    private func chart(_ domains: DomainComparison) -> DomainChart {
        func row(_ label: String, _ note: String, _ score: (DomainComparison.ArmScores) -> DomainComparison.Score, _ seeds: [[Double]])
            -> DomainChart.Row
        {
            DomainChart.Row(
                label: label, note: note,
                dots: zip(domains.arms, seeds).map { arm, seeds in
                    DomainChart.Dot(arm: arm.arm, color: colors[arm.arm] ?? 0, mean: score(arm).mean, seeds: seeds)
                })
        }
        func images(_ domain: DomainComparison.Domain) -> String { "\(domain.images) images" }
        let source = row(
            domains.source.name, "source, \(images(domains.source))", { $0.source }, domains.arms.map(\.source.values))
        let targets = domains.targets.enumerated().map { index, target in
            row(target.name, images(target), { $0.targets[index] }, domains.arms.map { $0.targets[index].values })
        }
        let mean = row("targets", "mean of \(domains.targets.count)", { $0.targetMean }, domains.arms.map(\.targetMean.values))
        return DomainChart(rows: [source] + targets + (targets.count > 1 ? [mean] : []))
    }

    private func table(_ domains: DomainComparison) -> String {
        let hasTeacher = domains.arms.contains { $0.retained != nil }
        let gaps = domains.differences.contains { $0.gapClosed != nil }
        let names = [domains.source.name] + domains.targets.map(\.name)
        var head = "<th>arm</th>" + names.map { "<th>\(escaped($0))</th>" }.joined() + "<th>targets</th><th>gap</th>"
        if hasTeacher { head += "<th>kept</th>" }
        if !domains.differences.isEmpty { head += "<th>\(escaped(domains.referenceTitle))</th><th>95 %</th>" }
        if gaps { head += "<th>gap closed</th>" }
        let rows = domains.arms.map { arm in
            let difference = domains.differences.first { $0.arm == arm.arm }
            var row = "<td>\(dot(arm.arm))\(escaped(arm.arm))</td><td>\(arm.source.text)</td>"
            row += arm.targets.map { "<td>\($0.text)</td>" }.joined()
            row += "<td><b>\(arm.targetMean.text)</b></td><td>\(signedPoints(arm.gap.mean))</td>"
            if hasTeacher { row += "<td>\(arm.retained.map { percentage($0) + " %" } ?? "")</td>" }
            if !domains.differences.isEmpty {
                let statistics = difference?.statistics
                row += "<td>\(statistics.map { coloredPoints($0.difference, $0.outcome) } ?? "")</td>"
                row += "<td class=\"soft\">\(statistics?.interval.map(points) ?? "")</td>"
            }
            if gaps { row += "<td>\(difference?.gapClosed.map { percentage($0, digits: 0) + " %" } ?? "")</td>" }
            return "<tr>\(row)</tr>"
        }
        return "<div class=\"card\"><table><tr>\(head)</tr>\(rows.joined())</table></div>"
    }

    /// Not on the teacher, whose lead is no news.
    private func verdicts(_ domains: DomainComparison) -> String {
        let students = domains.differences.filter { domains.arm($0.arm)?.role != .teacher || domains.differences.count == 1 }
        return students.map { difference in
            "<p>\(dot(difference.arm))<b>On the targets: \(escaped(difference.verdict.headline)).</b> \(escaped(difference.verdict.details))</p>"
        }.joined()
    }
}
