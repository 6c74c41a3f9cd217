extension RunLengthMask {
    /// The part of the mask inside `region`, which becomes the whole picture. What the region has beyond the picture is outside the
    /// object.
    public func cropped(to region: PixelRegion) -> RunLengthMask {
        var changes: [Int] = []
        forEachRun { column, row, length in
            guard region.columns.contains(column) else { return }
            let (start, end) = (max(row, region.rows.lowerBound), min(row + length, region.rows.upperBound))
            guard start < end else { return }
            let column = (column - region.columns.lowerBound) * region.height - region.rows.lowerBound
            changes.append(column + start)
            changes.append(column + end)
        }
        return RunLengthMask(
            width: region.width, height: region.height,
            counts: Self.counts(changes: changes, pixels: region.width * region.height))
    }

    /// The mask of the picture with left and right exchanged.
    public var flipped: RunLengthMask {
        // Columns change places, but rows do not: runs are cut at the columns' ends and sorted by their new column.
        var columns: [(column: Int, row: Int, length: Int)] = []
        forEachRun { columns.append((width - 1 - $0, $1, $2)) }
        var changes: [Int] = []
        changes.reserveCapacity(2 * columns.count)
        var end = columns.count
        while end > 0 {
            var start = end - 1
            while start > 0, columns[start - 1].column == columns[end - 1].column { start -= 1 }
            for part in columns[start..<end] {
                let position = part.column * height + part.row
                changes.append(position)
                changes.append(position + part.length)
            }
            end = start
        }
        return RunLengthMask(width: width, height: height, counts: Self.counts(changes: changes, pixels: width * height))
    }
}
