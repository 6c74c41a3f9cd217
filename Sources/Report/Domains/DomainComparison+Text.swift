import SegEval
import Support

extension DomainComparison {
    /// For the terminal: a row an arm, then a verdict on each difference. Scores in per cent.
    public var text: String {
        let shown = differences.filter { arm($0.arm)?.role != .teacher || differences.count == 1 }
        let verdicts = shown.map { "On the targets, \($0.arm): \($0.verdict.headline)\n  \($0.verdict.details)" }
        return ([title + "\n" + table.text] + verdicts + notes).joined(separator: "\n")
    }

    /// `Source idd-lite (204 images); targets camvid (233), dusk (124); mIoU in per cent`.
    private var title: String {
        let list = targets.map { "\($0.name) (\($0.images) images)" }.joined(separator: ", ")
        return "Generalisation: source \(source.name) (\(source.images) images); targets \(list); mIoU in per cent"
    }

    private var table: TextTable {
        let hasTeacher = arms.contains { $0.retained != nil }
        let gaps = differences.contains { $0.gapClosed != nil }
        var columns: [TextTable.Column] = [.init("arm"), .init("seeds", .right), .init(source.name, .right)]
        columns += targets.map { .init($0.name, .right) } + [.init("targets", .right), .init("gap", .right)]
        if hasTeacher { columns.append(.init("kept", .right)) }
        if !differences.isEmpty { columns += [.init(referenceTitle, .right), .init("95 % interval", .right)] }
        if gaps { columns.append(.init("gap closed", .right)) }
        var table = TextTable(columns)
        for arm in arms {
            let difference = differences.first { $0.arm == arm.arm }
            var row = [arm.arm, String(arm.seeds.count), arm.source.text] + arm.targets.map(\.text)
            row += [arm.targetMean.text, signedPoints(arm.gap.mean)]
            if hasTeacher { row.append(arm.retained.map { percentage($0) + " %" } ?? "") }
            if !differences.isEmpty {
                row.append(difference.map { signedPoints($0.statistics.difference) } ?? "")
                row.append(difference?.statistics.interval.map(points) ?? "")
            }
            if gaps { row.append(difference?.gapClosed.map { percentage($0, digits: 0) + " %" } ?? "") }
            table.append(row)
        }
        return table
    }

    /// What the differences are taken against.
    var referenceTitle: String {
        let references = Set(differences.map(\.reference))
        return references.count == 1 ? "vs \(references.first!)" : "vs its own"
    }

    func arm(_ name: String) -> ArmScores? { arms.first { $0.arm == name } }

    /// The IoU of every class in each of the domains, in per cent, a column an arm.
    public func classText(_ classes: [String]) -> String {
        let home = classTable("\(source.name) (source)", classes) { ($0.classIoU[0], $0.source) }
        let abroad = targets.enumerated().map { place, target in
            classTable(target.name, classes) { ($0.classIoU[place + 1], $0.targets[place]) }
        }
        let means = classTable("mean of targets", classes) { ($0.targetClassIoU, $0.targetMean) }
        return ([home] + abroad + [means]).joined(separator: "\n\n")
    }

    private func classTable(_ title: String, _ classes: [String], _ scores: (ArmScores) -> ([Double?], Score)) -> String {
        var table = TextTable([.init(title)] + arms.map { .init($0.arm, .right) })
        for (index, name) in classes.enumerated() {
            table.append([name] + arms.map { scores($0).0[index].map { percentage($0) } ?? "–" })
        }
        table.append(["mean"] + arms.map { percentage(scores($0).1.mean) })
        return table.text
    }
}

extension DomainComparison.Score {
    /// `52.1 ± 0.4`, in per cent.
    var text: String { meanAndSpread(mean, standardDeviation) }
}
