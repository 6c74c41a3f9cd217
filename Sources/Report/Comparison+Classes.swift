import Runs
import SegEval
import Support

extension Comparison {
    /// IoU by class, in per cent, a column an arm; then, for every arm but the teacher, its differences with their intervals.
    public var classText: String {
        var table = TextTable([.init("class")] + arms.map { .init($0.arm, .right) })
        for (index, name) in classes.enumerated() {
            table.append([name] + arms.map { $0.classIoU[index].map { percentage($0) } ?? "–" })
        }
        table.append(["mean"] + arms.map { percentage($0.meanIoU) })
        let shown = differences.filter { arms[named: $0.arm]?.role != .teacher || differences.count == 1 }
        return ([table.text] + shown.map(classText)).joined(separator: "\n\n")
    }

    private func classText(_ difference: Difference) -> String {
        var table = TextTable([
            .init("class"), .init("difference", .right), .init("95 % interval", .right), .init("p, Holm", .right), .init("verdict"),
        ])
        for found in difference.statistics.classes {
            table.append([
                classes[found.index], signedPoints(found.difference), found.interval.map(points) ?? "–",
                found.adjustedPValue.map { fixed($0, 3) } ?? "–", found.outcome.words,
            ])
        }
        return """
            \(difference.arm) against \(difference.reference), points of IoU by class. An interval is of its class alone; the verdicts take all \
            \(difference.statistics.classes.count) into account (Holm's method).
            \(table.text)
            """
    }
}
