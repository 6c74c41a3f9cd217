import Foundation
import Support

extension PreflightRecord {
    /// All of it, for the terminal.
    public var text: String {
        var parts: [String] = []
        if let teacher { parts.append(teacher.lines.joined(separator: "\n")) }
        if !taps.isEmpty { parts.append(tapTable.text) }
        parts.append(lossTable.text)
        if let line = Self.line("No loss reaches", unreached) { parts.append(line) }
        if let line = Self.line("The gradient at the first step is 0 at", idle) { parts.append(line) }
        parts.append(cost.lines.joined(separator: "\n"))
        parts += warnings.map { "warning: \($0)" }
        return parts.joined(separator: "\n\n")
    }

    /// The same in a few lines, for the start of a run.
    public var summary: [String] {
        var lines: [String] = []
        if let score = teacher?.score { lines.append("the teacher's \(score.text)") }
        if losses.count > 1 {
            let shares = losses.map { "\($0.name) \(percentage($0.share, digits: 0)) %" }.joined(separator: ", ")
            lines.append("shares of the gradient on the student's trunk: \(shares)")
        }
        if let line = Self.line("no loss reaches", unreached) { lines.append(line) }
        return lines + [cost.lines.joined(separator: "; ")] + warnings.map { "warning: \($0)" }
    }

    private static func line(_ words: String, _ sets: [ParameterSet]) -> String? {
        guard !sets.isEmpty else { return nil }
        let tensors = sets.reduce(0) { $0 + $1.tensors }
        let shown = sets.prefix(8).map(\.description).joined(separator: ", ") + (sets.count > 8 ? ", …" : "")
        return "\(words) \(tensors) of the trained parameters: \(shown)"
    }

    private var tapTable: TextTable {
        var table = TextTable("method", "role", "teacher", "stride", "student", "stride", "matched by")
        for tap in taps {
            table.append([tap.method, tap.role] + tap.teacher.cells + tap.student.cells + [tap.matching])
        }
        return table
    }

    private var lossTable: TextTable {
        let sets = losses.contains { $0.weightAtStart != $0.weight }
        var columns: [TextTable.Column] = [
            .init("loss of the first batch"), .init("before its weight", .right), .init("weight", .right), .init("weighted", .right),
            .init("share of the gradient", .right),
        ]
        if sets { columns += [.init("weight at the start", .right), .init("share at the start", .right)] }
        var table = TextTable(columns)
        for loss in losses {
            let weighted = loss.value.map { significant($0 * loss.weight) } ?? "–"
            let full = [
                loss.name, loss.value.map(significant) ?? "–", significant(loss.weight), weighted, "\(percentage(loss.share)) %",
            ]
            table.append(full + (sets ? [significant(loss.weightAtStart), "\(percentage(loss.shareAtStart)) %"] : []))
        }
        return table
    }
}

extension PreflightRecord.Map {
    /// The map's name with its channels and size, and its stride.
    fileprivate var cells: [String] {
        let sides = Set(stride.map { fixed($0, $0 == $0.rounded() ? 0 : 1) })
        return ["\(name) \(shape.dropFirst().map(String.init).joined(separator: "×"))", sides.count == 1 ? sides.first! : stride.text]
    }
}

extension [Double] {
    fileprivate var text: String { map { fixed($0, 1) }.joined(separator: "×") }
}

extension PreflightRecord.Teacher {
    fileprivate var lines: [String] {
        let fed = sharesNormalization ? "as the student" : "in its own way"
        var lines = ["teacher \(model): frozen, in eval mode, fed \(fed): \(normalization)"]
        if let score { lines.append(score.text) }
        return lines
    }
}

extension PreflightRecord.Score {
    fileprivate var text: String {
        let those = images < available ? "\(images) of \(available) images, spread over the split" : "all \(images) images"
        let own = student.map { ", the student's before its first step \(percentage($0))" } ?? ""
        return "validation mIoU is \(percentage(meanIoU)) on \(those)\(own); a guess would have \(percentage(chance))"
    }
}

extension PreflightRecord.Cost {
    fileprivate var lines: [String] {
        let all = durationText(secondsPerStep * Double(steps))
        var lines = ["\(steps) steps of \(durationText(secondsPerStep)) on \(device) take \(all), without validation and waiting for data"]
        if let peakMemory {
            lines.append("memory at most \(Self.bytes(peakMemory))" + (memory.map { " of \(Self.bytes($0))" } ?? ""))
        }
        return lines
    }

    private static func bytes(_ count: Int) -> String {
        count < 1 << 30 ? "\(count >> 20) MiB" : "\(fixed(Double(count) / 0x1p30, 1)) GiB"
    }
}

extension RunFolder {
    /// Nil before a run has been looked at.
    /// - Throws: `UserError` when the file is damaged.
    public func readPreflight() throws -> PreflightRecord? {
        FileManager.default.fileExists(atPath: preflightFile.path) ? try JSONFile.read(from: preflightFile) : nil
    }

    public func write(_ record: PreflightRecord) throws { try JSONFile.write(record, to: preflightFile) }
}
