/// The cheapest way of giving each row a column of its own (the linear sum assignment problem), exactly.
///
/// Rows are added one after another, each along the cheapest path that makes room for it (Jonker and Volgenant 1987, in the form of Crouse
/// 2016 for rectangles): O(r²·c) for r rows and c ≥ r columns, in double precision.
public enum LinearAssignment {
    /// What a cost that is no number or infinite, of either sign, counts as: such a pair is only made when nothing else is left. Finite
    /// costs are brought into ±`limit`, beside which doubles still tell apart what differs by 10⁻⁶.
    public static let limit = 1e10

    /// - Parameter costs: rows × columns, row-major.
    /// - Returns: for each row its column; nil for the rows that are left over where there are more rows than columns. Of several
    ///   assignments of the least cost it is one.
    public static func solve(_ costs: some RandomAccessCollection<Double>, rows: Int, columns: Int) -> [Int?] {
        precondition(costs.count == rows * columns, "\(costs.count) costs for \(rows)×\(columns) pairs")
        guard rows > 0, columns > 0 else { return .init(repeating: nil, count: rows) }
        let costs = costs.map { $0.isFinite ? min(max($0, -limit), limit) : limit }
        guard rows > columns else { return search(costs, rows, columns).map { $0 } }
        let turned = (0..<costs.count).map { costs[$0 % rows * columns + $0 / rows] }
        var result = [Int?](repeating: nil, count: rows)
        for (column, row) in search(turned, columns, rows).enumerated() { result[row] = column }
        return result
    }

    /// For each row its column; rows ≤ columns.
    private static func search(_ costs: [Double], _ rows: Int, _ columns: Int) -> [Int] {
        var rowPrices = [Double](repeating: 0, count: rows)
        var columnPrices = [Double](repeating: 0, count: columns)
        var columnOf = [Int](repeating: -1, count: rows)
        var rowOf = [Int](repeating: -1, count: columns)
        // Of the shortest paths from the row that is added: their lengths, the row before each column, the columns not reached for good.
        var lengths = [Double](repeating: 0, count: columns)
        var before = [Int](repeating: -1, count: columns)
        var open = [Int](repeating: 0, count: columns)

        for added in 0..<rows {
            for column in 0..<columns { (lengths[column], open[column]) = (.infinity, column) }
            var count = columns
            var (row, length, end) = (added, 0.0, -1)
            while end < 0 {
                var (nearest, least) = (0, Double.infinity)
                let offset = length - rowPrices[row]
                costs.withUnsafeBufferPointer { costs in
                    for place in 0..<count {
                        let column = open[place]
                        let candidate = offset + costs[row * columns + column] - columnPrices[column]
                        if candidate < lengths[column] { (lengths[column], before[column]) = (candidate, row) }
                        // Of equally near columns a free one ends the search.
                        if lengths[column] < least || (lengths[column] == least && rowOf[column] < 0) {
                            (nearest, least) = (place, lengths[column])
                        }
                    }
                }
                let column = open[nearest]
                count -= 1
                // Columns that are reached for good stand behind the open ones.
                open.swapAt(nearest, count)
                length = least
                if rowOf[column] < 0 { end = column } else { row = rowOf[column] }
            }
            // Prices keep every reduced cost at least 0, and those of the assigned pairs at 0.
            rowPrices[added] += length
            for place in count..<columns where open[place] != end {
                let column = open[place]
                rowPrices[rowOf[column]] += length - lengths[column]
                columnPrices[column] -= length - lengths[column]
            }
            var column = end
            while true {
                let row = before[column]
                rowOf[column] = row
                swap(&columnOf[row], &column)
                if row == added { break }
            }
        }
        return columnOf
    }
}
