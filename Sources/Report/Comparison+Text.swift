import Foundation
import Runs
import SegEval
import Support

extension Comparison {
    /// For the terminal: a table of the arms, then a verdict on each. Scores in per cent.
    public var text: String {
        let title = "\(dataset), \(split)\(images > 0 ? ", \(images) images" : ""), \(protocolName); mIoU in per cent"
        let verdicts = differences.filter { arms[named: $0.arm]?.role != .teacher || differences.count == 1 }.map {
            ([$0.verdict.headline, $0.verdict.details] + ($0.boundary.map { [boundaryText($0)] } ?? [])).joined(separator: "\n  ")
        }
        return ([title, table.text] + verdicts + [imageText].filter { !$0.isEmpty }).joined(separator: "\n\n")
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

    /// `Boundary IoU: +1.2 points, better; 95 % interval +0.4 … +2.0.`
    private func boundaryText(_ comparison: PairedComparison) -> String {
        let word =
            switch comparison.outcome {
            case .better: "better"
            case .worse: "worse"
            case .noDifferenceShown: "no difference shown"
            case .seedsMissing: "too few seeds for a verdict"
            }
        let interval = comparison.interval.map { "; 95 % interval \(signedPoints($0.lower)) … \(signedPoints($0.upper))" } ?? ""
        return "Boundary IoU: \(signedPoints(comparison.difference)) points, \(word)\(interval)."
    }

    /// IoU by class, in per cent, a column an arm.
    public var classText: String {
        var table = TextTable([.init("class")] + arms.map { .init($0.arm, .right) })
        for (index, name) in classes.enumerated() {
            table.append([name] + arms.map { $0.classIoU[index].map { percentage($0) } ?? "–" })
        }
        table.append(["mean"] + arms.map { percentage($0.meanIoU) })
        return table.text
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
        columns += [.init("vs \(reference)", .right), .init("95 % interval", .right)]
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
            row.append(difference?.statistics.interval.map { "\(signedPoints($0.lower)) … \(signedPoints($0.upper))" } ?? "")
            if gaps { row.append(difference?.gapClosed.map { percentage($0, digits: 0) + " %" } ?? "") }
            table.append(row)
        }
        return table
    }
}

extension [Comparison.ArmScores] {
    subscript(named name: String) -> Comparison.ArmScores? { first { $0.arm == name } }
}

/// `52.1 ± 0.4`, in per cent.
func meanAndSpread(_ mean: Double, _ deviation: Double?) -> String {
    percentage(mean) + (deviation.map { " ± " + percentage($0) } ?? "")
}
