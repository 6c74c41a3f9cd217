/// A table for the terminal: columns as wide as their widest cell, two spaces between them.
///
/// ```
/// arm      mIoU           vs plain
/// ───────  ─────────────  ────────
/// teacher  61.40
/// plain    52.13 ± 0.41
/// ```
public struct TextTable: Sendable {
    public enum Alignment: Sendable {
        case left, right
    }

    public struct Column: Sendable {
        public var title: String
        public var alignment: Alignment

        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    public var columns: [Column]
    public var rows: [[String]]

    public init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Columns with these titles, all aligned to the left.
    public init(_ titles: String..., rows: [[String]] = []) {
        self.init(titles.map { Column($0) }, rows: rows)
    }

    /// Missing cells at a row's end are empty; cells beyond the last column are dropped.
    public mutating func append(_ row: [String]) { rows.append(row) }

    /// The table's lines, without spaces at their ends and without a line break after the last.
    public var text: String {
        let titles = columns.map(\.title)
        let widths = columns.indices.map { index in
            ([titles] + rows).map { index < $0.count ? $0[index].count : 0 }.max() ?? 0
        }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([titles, rule] + rows).map { line($0, widths) }.joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, column) in columns.enumerated() {
            let cell = index < cells.count ? cells[index] : ""
            let padding = String(repeating: " ", count: widths[index] - cell.count)
            line += (index == 0 ? "" : "  ") + (column.alignment == .left ? cell + padding : padding + cell)
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
