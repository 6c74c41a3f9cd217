import Support

/// Scores by class as a table for the terminal, in per cent.
public struct SemanticTable: Sendable {
    private let names: [String]
    private let scores: Scores
    private let extra: SemanticScores
    /// Pixels of each class in the truth.
    private let truth: [Int64]
    private let outside: [Int64]

    /// - Parameter outside: by true class, pixels predicted as none of the classes; nil when that was not counted.
    public init(names: [String], confusion: [[Int64]], outside: [Int64]?, extra: SemanticScores) {
        self.names = names
        self.outside = outside ?? names.map { _ in 0 }
        scores = Scores(confusion: confusion, outside: outside)
        self.extra = extra
        truth = zip(confusion, self.outside).map { $0.reduce($1, +) }
    }

    private struct Column {
        let title: String
        let mean: Double?
        let values: [Double?]
        var text: (Double) -> String = { percentage($0) }
    }

    private var columns: [Column] {
        var columns = [
            Column(title: "IoU", mean: scores.meanIoU, values: scores.classIoU),
            Column(title: "Dice", mean: scores.meanDice, values: scores.classDice),
            Column(title: "accuracy", mean: scores.meanAccuracy, values: scores.classAccuracy),
        ]
        if let border = extra.boundaryIoU { columns.append(Column(title: "bd. IoU", mean: border.mean, values: border.perClass)) }
        if let border = extra.boundaryF1 { columns.append(Column(title: "bd. F1", mean: border.mean, values: border.perClass)) }
        for border in extra.trimapIoU ?? [] {
            columns.append(Column(title: "±\(border.widthText)", mean: border.mean, values: border.perClass))
        }
        if let parts = extra.connectivity {
            let known = ClassScores(parts.surplusPerRegion)
            columns.append(Column(title: "surplus", mean: known.mean, values: known.perClass, text: { fixed($0, 2) }))
            let holes = zip(parts.predictedHoles, parts.trueHoles).map { Double($0 - $1) }
            let present = zip(holes, truth).map { $1 > 0 ? $0 : nil }
            columns.append(Column(title: "holes", mean: ClassScores(present).mean, values: present, text: { signedCount($0) }))
        }
        return columns
    }

    /// The table, and below it what its columns mean.
    public var text: String {
        let columns = columns
        let isOutside = outside.contains { $0 > 0 }
        var head: [TextTable.Column] = [.init("class"), .init("pixels", .right)] + columns.map { .init($0.title, .right) }
        if isOutside { head.append(.init("no class", .right)) }
        var table = TextTable(head)
        let total = Double(max(truth.reduce(0, +), 1))
        for (index, name) in names.enumerated() {
            if truth[index] == 0 {
                table.append([name, "absent"] + columns.map { _ in "–" })
                continue
            }
            var row = [name, percentage(Double(truth[index]) / total, digits: 2)]
            row += columns.map { column in column.values[index].map(column.text) ?? "–" }
            if isOutside { row.append(percentage(Double(outside[index]) / Double(truth[index]), digits: 2)) }
            table.append(row)
        }
        var last = ["mean", ""] + columns.map { column in column.mean.map(column.text) ?? "–" }
        if isOutside { last.append(percentage(Double(outside.reduce(0, +)) / total, digits: 2)) }
        table.append(last)
        return ([table.text, ""] + notes).joined(separator: "\n")
    }

    private var notes: [String] {
        var notes = [
            "In per cent; means are over the classes that occur in the truth. Pixel accuracy \(percentage(scores.pixelAccuracy))."
        ]
        let absent = zip(names, truth).filter { $1 == 0 }.map(\.0)
        if !absent.isEmpty { notes.append("Absent from the truth, so without scores: \(absent.joined(separator: ", ")).") }
        let count = outside.reduce(0, +)
        if count > 0 {
            notes.append("no class: \(count) labelled pixels were predicted as a value beyond the classes; they count as wrong.")
        }
        if let width = extra.boundaryIoU?.widthText, let tolerance = extra.boundaryF1?.widthText {
            notes.append("bd. IoU: in bands of \(width) inside the masks' borders. bd. F1: contours that agree within \(tolerance).")
        }
        if extra.trimapIoU != nil { notes.append("±n px: IoU of the pixels within n pixels of a true border.") }
        if extra.connectivity != nil {
            notes.append("surplus: pieces beyond the first into which a true region falls, on average. holes: predicted minus true.")
        }
        return notes
    }
}

/// `+3`, `−2`, `0`; one decimal for means.
private func signedCount(_ value: Double) -> String {
    let text = value == value.rounded() ? String(Int(abs(value))) : fixed(abs(value), 1)
    return value == 0 ? text : (value < 0 ? "−" : "+") + text
}
