import SegEval
import Support

extension ObjectComparison {
    /// For the terminal: a table of the arms, one of the runs, then a verdict on each arm. Scores in per cent.
    public var text: String {
        let title = "\(dataset), \(split), \(images) images, \(protocolName); average precision of masks in per cent, intervals over seeds"
        let students = differences.filter { difference in
            differences.count == 1 || arms.first { $0.arm == difference.arm }?.role != .teacher
        }
        return ([title, table.text, seedTable.text] + students.map(text)).joined(separator: "\n\n")
    }

    /// Of every class: each arm's mean over the seeds is in the run folders; here the differences with their intervals.
    public var classText: String {
        differences.map { difference in
            var table = TextTable([
                .init("class"), .init("difference", .right), .init("95 % interval", .right), .init("p, Holm", .right), .init("verdict"),
            ])
            for one in difference.statistics.classes {
                table.append([
                    classes[one.index], signedPoints(one.difference), one.interval.map(points) ?? "–",
                    one.adjustedPValue.map(significant) ?? "–", one.outcome.words,
                ])
            }
            return "\(measure.rawValue) by class, \(difference.arm) against \(difference.reference)\n\n\(table.text)"
        }.joined(separator: "\n\n")
    }

    private func text(_ difference: Difference) -> String {
        var table = TextTable([
            .init("measure"), .init("difference", .right), .init("95 % interval", .right), .init("verdict"),
        ])
        for measure in measure.compared {
            guard let statistics = difference.further[measure.rawValue] else { continue }
            table.append([
                measure.rawValue, signedPoints(statistics.difference), statistics.interval.map(points) ?? "–", statistics.outcome.words,
            ])
        }
        func indented(_ table: TextTable) -> String { table.text.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n") }
        var lines = [difference.verdict.headline, "  " + difference.verdict.details, indented(table)]
        if !difference.conditions.isEmpty {
            lines.append(difference.conditions.unequal.isEmpty ? "  Not alike, and not refused:" : "  Not alike beside distillation:")
            lines.append(indented(difference.conditions.table(difference.arm, difference.reference)))
        }
        return (lines + difference.notes.map { "  " + $0 }).joined(separator: "\n")
    }

    private var table: TextTable {
        let measures = ObjectMeasure.allCases.filter { measure in arms.contains { $0.spread(measure) != nil } }
        var table = TextTable(
            [.init("arm"), .init("model"), .init("parameters", .right), .init("seeds", .right)]
                + measures.map { .init($0.rawValue, .right) } + [.init("vs \(reference)", .right), .init("95 % interval", .right)])
        for arm in arms {
            let difference = differences.first { $0.arm == arm.arm }
            let scores = measures.map { measure in
                arm.spread(measure).map { meanAndSpread($0.mean, $0.standardDeviation) } ?? "–"
            }
            table.append(
                [arm.arm, arm.model, arm.parameters.map(abbreviated) ?? "–", String(arm.seeds.count)] + scores + [
                    difference.map { signedPoints($0.statistics.difference) } ?? "", difference?.statistics.interval.map(points) ?? "",
                ])
        }
        return table
    }

    private var seedTable: TextTable {
        let measures = [measure] + measure.compared
        var table = TextTable([.init("arm"), .init("seed", .right)] + measures.map { .init($0.rawValue, .right) })
        for arm in arms {
            for (index, seed) in arm.seeds.enumerated() {
                table.append([arm.arm, String(seed)] + measures.map { arm.scores[$0.rawValue].map { percentage($0[index]) } ?? "–" })
            }
        }
        return table
    }
}
