extension RunLengthMask {
    /// The mask of a picture that shows some pixels of this one's: its column `left + i` is column `columns[i]` here, its row
    /// `top + i` is row `rows[i]`, and all around lies nothing. Run by run, without writing the mask's pixels down.
    /// - Parameters:
    ///   - columns: in ascending or descending order; a column may be left out or come several times.
    ///   - rows: likewise.
    ///   - width: of the new picture, likewise `height`.
    public func resampled(columns: [Int32], rows: [Int32], left: Int, top: Int, width newWidth: Int, height newHeight: Int) -> RunLengthMask
    {
        precondition(left >= 0 && top >= 0 && left + columns.count <= newWidth && top + rows.count <= newHeight)
        var changes: [Int] = []
        guard let low = columns.min(), let high = columns.max(), !rows.isEmpty else {
            return RunLengthMask(width: newWidth, height: newHeight, counts: [UInt32(newWidth * newHeight)])
        }
        let isDescending = rows[0] > rows[rows.count - 1]
        let places = Places(of: isDescending ? rows.reversed() : rows, count: height)
        // The wanted columns' runs as new rows, column after column, and where each column's begin.
        var runs: [(start: Int, length: Int)] = []
        var starts = [Int](repeating: 0, count: Int(high - low) + 2)
        forEachRun { column, row, length in
            guard column >= low, column <= high else { return }
            let (first, last) = (places[row], places[row + length])
            guard first < last else { return }
            runs.append((top + (isDescending ? rows.count - last : first), last - first))
            starts[column - Int(low) + 1] += 1
        }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        for (x, column) in columns.enumerated() {
            let own = runs[starts[Int(column - low)]..<starts[Int(column - low) + 1]]
            let base = (left + x) * newHeight
            for place in own.indices {
                let run = own[isDescending ? own.startIndex + own.endIndex - 1 - place : place]
                changes.append(base + run.start)
                changes.append(base + run.start + run.length)
            }
        }
        return RunLengthMask(
            width: newWidth, height: newHeight, counts: Self.counts(changes: changes, pixels: newWidth * newHeight))
    }

    /// For each of an axis's old pixels: how many new ones come from before it.
    private struct Places {
        private let below: [Int32]

        init(of ascending: [Int32], count: Int) {
            var below = [Int32](repeating: 0, count: count + 1)
            var place = 0
            for pixel in 0...count {
                while place < ascending.count, ascending[place] < pixel { place += 1 }
                below[pixel] = Int32(place)
            }
            self.below = below
        }

        subscript(pixel: Int) -> Int { Int(below[pixel]) }
    }

    /// Rows and columns exchanged.
    public func transposed() -> RunLengthMask {
        guard let (columns, rows) = extent else { return RunLengthMask(width: height, height: width, counts: [UInt32(width * height)]) }
        // Only the box around the object is written down.
        var box = [Bool](repeating: false, count: columns.count * rows.count)
        forEachRun { column, row, length in
            for y in row..<row + length { box[(y - rows.lowerBound) * columns.count + column - columns.lowerBound] = true }
        }
        var changes: [Int] = []
        for y in 0..<rows.count {
            var x = 0
            while x < columns.count {
                let start = x
                let isInside = box[y * columns.count + x]
                while x < columns.count, box[y * columns.count + x] == isInside { x += 1 }
                let base = (rows.lowerBound + y) * width + columns.lowerBound
                if isInside { changes += [base + start, base + x] }
            }
        }
        return RunLengthMask(width: height, height: width, counts: Self.counts(changes: changes, pixels: width * height))
    }
}
