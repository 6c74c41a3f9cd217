import Foundation
import Runs
import SegEval
import Support

extension Comparison {
    /// For the terminal: a table of the arms, then a verdict on each. Scores in per cent.
    public var text: String {
        let title = "\(dataset), \(split)\(images > 0 ? ", \(images) images" : ""), \(protocolName); mIoU in per cent"
        let shown = differences.filter { arms[named: $0.arm]?.role != .teacher || differences.count == 1 }
        return ([title, table.text] + shown.map(text) + [domains?.text ?? "", imageText].filter { !$0.isEmpty }).joined(separator: "\n\n")
    }

    /// The verdict with what supports it: classes, borders, and whether the two arms were treated alike.
    private func text(_ difference: Difference) -> String {
        func indented(_ text: String) -> String { text.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n") }
        var lines = [difference.verdict.headline, "  " + difference.verdict.details, "  " + classSummary(difference)]
        if !difference.borders.isEmpty {
            lines += ["  At the borders between classes, in per cent:", indented(borderTable(difference).text)]
        }
        if !difference.conditions.isEmpty {
            let unequal = difference.unequal.isEmpty
            lines.append(unequal ? "  Not alike, and not refused:" : "  Not alike beside distillation:")
            lines.append(indented(difference.conditions.table(difference.arm, difference.reference).text))
        }
        return (lines + difference.notes.map { "  " + $0 }).joined(separator: "\n")
    }

    /// `Classes: better car +3.2, tree +1.1; worse: none; no difference shown in 9 of 11 (Holm).`
    private func classSummary(_ difference: Difference) -> String {
        let all = difference.statistics.classes
        if all.contains(where: { $0.outcome == .seedsMissing }) { return "Classes: too few seeds for a verdict." }
        func list(_ outcome: PairedComparison.Outcome) -> String {
            let found = all.filter { $0.outcome == outcome }.sorted { abs($0.difference) > abs($1.difference) }
            if found.isEmpty { return "none" }
            return found.map { "\(classes[$0.index]) \(signedPoints($0.difference))" }.joined(separator: ", ")
        }
        let unsure = all.count { $0.outcome == .noDifferenceShown }
        return
            "Classes: better \(list(.better)); worse \(list(.worse)); no difference shown in \(unsure) of \(all.count) (Holm's method, 5 % for all together)."
    }

    private func borderTable(_ difference: Difference) -> TextTable {
        var table = TextTable([
            .init("measure"), .init(difference.reference, .right), .init(difference.arm, .right), .init("difference", .right),
            .init("95 % interval", .right), .init("verdict"),
        ])
        for border in difference.borders {
            let statistics = border.statistics
            table.append([
                border.measure.title, percentage(border.reference), percentage(border.arm), signedPoints(statistics.difference),
                statistics.interval.map(points) ?? "–", statistics.outcome.words,
            ])
        }
        return table
    }

    /// The images whose mIoU changed most, of the arm that gained most.
    private var imageText: String {
        guard let difference = headline, difference.images.count > 1 else { return "" }
        func list(_ images: [RankedImage]) -> String {
            if images.isEmpty { return "none" }
            return images.prefix(3).map { "\($0.name) \(signedPoints($0.score))" }.joined(separator: ", ")
        }
        let title = "Images, \(difference.arm) against \(difference.reference), points of their own mIoU:"
        let gains = difference.images.filter { $0.score > 0 }
        let losses = difference.images.reversed().filter { $0.score < 0 }
        return "\(title)\n  largest gains: \(list(gains))\n  largest losses: \(list(losses))"
    }

    private var table: TextTable {
        let rates = arms.contains { $0.imagesPerSecond != nil }
        let boundaries = arms.contains { $0.boundaryIoU != nil }
        let gaps = differences.contains { $0.gapClosed != nil }
        var columns: [TextTable.Column] = [
            .init("arm"), .init("model"), .init("parameters", .right), .init("seeds", .right), .init("mIoU", .right),
            .init("pixel acc.", .right),
        ]
        if boundaries { columns.append(.init("bd. IoU", .right)) }
        if rates { columns.append(.init("images/s", .right)) }
        columns += [.init(hasOneReference ? "vs \(reference)" : "vs its own", .right), .init("95 % interval", .right)]
        if gaps { columns.append(.init("gap closed", .right)) }
        var table = TextTable(columns)
        for arm in arms {
            let difference = differences.first { $0.arm == arm.arm }
            var row = [
                arm.arm, arm.model, arm.parameters.map(abbreviated) ?? "–", String(arm.seeds.count),
                meanAndSpread(arm.meanIoU, arm.standardDeviation), percentage(arm.pixelAccuracy),
            ]
            if boundaries { row.append(arm.boundaryIoU.map { percentage($0) } ?? "–") }
            if rates { row.append(arm.imagesPerSecond.map(significant) ?? "–") }
            row.append(difference.map { signedPoints($0.statistics.difference) } ?? "")
            row.append(difference?.statistics.interval.map(points) ?? "")
            if gaps { row.append(difference?.gapClosed.map { percentage($0, digits: 0) + " %" } ?? "") }
            table.append(row)
        }
        return table
    }
}

extension Comparison {
    /// Whether all arms are compared with the same one.
    var hasOneReference: Bool { differences.allSatisfy { $0.reference == reference } }
}

extension [Comparison.ArmScores] {
    subscript(named name: String) -> Comparison.ArmScores? { first { $0.arm == name } }
}

/// `52.1 ± 0.4`, in per cent.
func meanAndSpread(_ mean: Double, _ deviation: Double?) -> String {
    percentage(mean) + (deviation.map { " ± " + percentage($0) } ?? "")
}

/// `−0.4 … +1.2`, in points.
func points(_ interval: Interval) -> String { "\(signedPoints(interval.lower)) … \(signedPoints(interval.upper))" }
