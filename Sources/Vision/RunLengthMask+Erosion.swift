extension RunLengthMask {
    /// The pixels whose whole neighbourhood, a square of 2 × `distance` + 1, belongs to the object. Beyond the picture nothing does.
    public func eroded(by distance: Int) -> RunLengthMask {
        precondition(distance >= 0, "a distance is not negative")
        let shrunk = columnRuns(shortenedBy: distance)
        let span = 2 * distance + 1
        guard span <= width, let first = shrunk.firstIndex(where: { !$0.isEmpty }) else { return Self.empty(width, height) }
        let last = shrunk.lastIndex { !$0.isEmpty }!
        guard last - first + 1 >= span else { return Self.empty(width, height) }

        // The intersection of `span` neighbouring columns is that of the end of one block of `span` columns with the beginning of the
        // next (van Herk 1992): three intersections a column for any distance.
        let columns = Array(shrunk[first...last])
        var fromStart = columns
        var toEnd = columns
        for index in columns.indices where index % span != 0 {
            fromStart[index] = Self.intersection(fromStart[index - 1], columns[index])
        }
        for index in columns.indices.dropLast().reversed() where (index + 1) % span != 0 {
            toEnd[index] = Self.intersection(toEnd[index + 1], columns[index])
        }
        var changes: [Int] = []
        for start in 0...(columns.count - span) {
            let top = (first + start + distance) * height
            for run in Self.intersection(toEnd[start], fromStart[start + span - 1]) {
                changes.append(top + run.lowerBound)
                changes.append(top + run.upperBound)
            }
        }
        return RunLengthMask(width: width, height: height, counts: Self.counts(changes: changes, pixels: width * height))
    }

    /// The object's pixels at most `distance` from its outline, along either axis; the picture's edge is an outline too.
    public func boundary(width distance: Int) -> RunLengthMask { subtracting(eroded(by: distance)) }

    private static func empty(_ width: Int, _ height: Int) -> RunLengthMask {
        RunLengthMask(width: width, height: height, counts: [UInt32(width * height)])
    }

    /// The rows of each column's runs, `distance` shorter at both ends.
    private func columnRuns(shortenedBy distance: Int) -> [[Range<Int>]] {
        var columns = [[Range<Int>]](repeating: [], count: width)
        forEachRun { column, row, length in
            if length > 2 * distance { columns[column].append(row + distance..<row + length - distance) }
        }
        return columns
    }

    private static func intersection(_ a: [Range<Int>], _ b: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            let (start, end) = (max(a[i].lowerBound, b[j].lowerBound), min(a[i].upperBound, b[j].upperBound))
            if start < end { result.append(start..<end) }
            if a[i].upperBound < b[j].upperBound { i += 1 } else { j += 1 }
        }
        return result
    }
}
