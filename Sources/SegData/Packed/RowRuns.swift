import Support
import Vision

/// Labels as runs of equal values, row by row: where each row's runs end (4 bytes a row), then the runs with their value (1 byte) and
/// length (2 bytes). Any rows can be read alone; a street scene takes about a hundredth of its pixels.
enum RowRuns {
    static func encode(_ labels: LabelMap) -> [UInt8] {
        var (ends, runs): ([UInt8], [UInt8]) = ([], [])
        for y in 0..<labels.height {
            let row = labels.values[y * labels.width..<(y + 1) * labels.width]
            var start = row.startIndex
            while start < row.endIndex {
                let limit = min(row.endIndex, start + 0xFFFF)
                let end = row[start..<limit].firstIndex { $0 != row[start] } ?? limit
                runs += [row[start], UInt8(truncatingIfNeeded: end - start), UInt8((end - start) >> 8)]
                start = end
            }
            ends += (0..<4).map { UInt8(truncatingIfNeeded: runs.count >> (8 * $0)) }
        }
        return ends + runs
    }

    /// Some of the rows; nil when the bytes are damaged.
    static func decode(_ bytes: UnsafeRawBufferPointer, width: Int, height: Int, rows: Range<Int>) -> LabelMap? {
        guard bytes.count >= 4 * height else { return nil }
        func end(_ row: Int) -> Int {
            row < 0 ? 4 * height : 4 * height + Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * row, as: UInt32.self)))
        }
        var isIntact = true
        let values = [UInt8](unsafeUninitializedCapacity: width * rows.count) { target, count in
            for row in rows {
                let rowEnd = (row + 1 - rows.lowerBound) * width
                let last = end(row)
                var position = end(row - 1)
                guard position >= 4 * height, position <= last, last <= bytes.count else { break }
                while position + 3 <= last, count < rowEnd {
                    let length = min(Int(bytes[position + 1]) | Int(bytes[position + 2]) << 8, rowEnd - count)
                    (target.baseAddress! + count).initialize(repeating: bytes[position], count: length)
                    count += length
                    position += 3
                }
                guard count == rowEnd else { break }
            }
            isIntact = count == width * rows.count
        }
        return isIntact ? LabelMap(width: width, height: rows.count, values: values) : nil
    }
}
