/// The pixels of one object, as alternating lengths of runs outside and inside it, column by column from the left, each from the top.
///
/// This is COCO's order. `counts[0]`, which may be 0, is the run before the object; all counts add up to the image's pixels.
public struct RunLengthMask: Sendable, Hashable {
    public let width: Int
    public let height: Int
    public let counts: [UInt32]

    /// - Precondition: the counts add up to `width * height`.
    public init(width: Int, height: Int, counts: [UInt32]) {
        precondition(counts.reduce(0) { $0 + Int($1) } == width * height, "the runs of a mask fill its image")
        self.width = width
        self.height = height
        self.counts = counts
    }

    /// Pixels of the object.
    public var area: Int {
        var sum = 0
        for index in stride(from: 1, to: counts.count, by: 2) { sum += Int(counts[index]) }
        return sum
    }

    public var isEmpty: Bool { area == 0 }

    /// The mask of the pixels that have `value`.
    public init<Value>(_ raster: Raster<Value>, where value: Value) {
        var counts: [UInt32] = []
        var (inside, run) = (false, UInt32(0))
        raster.values.withUnsafeBufferPointer { values in
            for x in 0..<raster.width {
                var index = x
                for _ in 0..<raster.height {
                    if (values[index] == value) != inside {
                        counts.append(run)
                        (inside, run) = (!inside, 0)
                    }
                    run &+= 1
                    index &+= raster.width
                }
            }
        }
        counts.append(run)
        self.init(width: raster.width, height: raster.height, counts: counts)
    }

    /// Calls `body` with each run inside the object: its column, its first row and its length. A run that goes on in the next column is
    /// two.
    @inlinable
    public func forEachRun(_ body: (_ column: Int, _ row: Int, _ length: Int) -> Void) {
        var position = 0
        for (index, count) in counts.enumerated() {
            var (start, length) = (position, Int(count))
            position += length
            guard index % 2 == 1 else { continue }
            while length > 0 {
                let (column, row) = (start / height, start % height)
                let part = min(length, height - row)
                body(column, row, part)
                start += part
                length -= part
            }
        }
    }

    /// Writes `value` into the object's pixels.
    /// - Precondition: the raster has the mask's size.
    public func paint<Value>(_ value: Value, into raster: inout Raster<Value>) {
        precondition(raster.width == width && raster.height == height, "a mask is painted into a raster of its own size")
        raster.values.withUnsafeMutableBufferPointer { values in
            forEachRun { column, row, length in
                var index = row * width + column
                for _ in 0..<length {
                    values[index] = value
                    index += width
                }
            }
        }
    }

    /// The smallest box around the object in whole pixels, as columns and rows; nil for an empty mask.
    public var extent: (columns: Range<Int>, rows: Range<Int>)? {
        var (left, right, top, bottom) = (Int.max, -1, Int.max, -1)
        forEachRun { column, row, length in
            (left, right) = (min(left, column), max(right, column))
            (top, bottom) = (min(top, row), max(bottom, row + length - 1))
        }
        return right < 0 ? nil : (left..<right + 1, top..<bottom + 1)
    }
}

extension RunLengthMask {
    /// The masks of all values but 0, in the order of the values; one pass over the map.
    public static func masks<Value>(in map: Raster<Value>) -> [(value: Value, mask: RunLengthMask)] {
        // Of each value: where its last run ended, in the order of the columns, and its counts.
        var open: [Value: (end: Int, counts: [UInt32])] = [:]
        func close(_ value: Value, _ start: Int, _ end: Int) {
            guard value != 0 else { return }
            let before = open[value]?.end ?? 0
            if start == before, let last = open[value]?.counts.indices.last {
                open[value]!.counts[last] += UInt32(end - start)
            } else {
                open[value, default: (0, [])].counts += [UInt32(start - before), UInt32(end - start)]
            }
            open[value]!.end = end
        }
        map.values.withUnsafeBufferPointer { values in
            var position = 0
            for x in 0..<map.width {
                var y = 0
                while y < map.height {
                    let (value, start) = (values[y * map.width + x], y)
                    repeat { y += 1 } while y < map.height && values[y * map.width + x] == value
                    close(value, position + start, position + y)
                }
                position += map.height
            }
        }
        let pixels = map.width * map.height
        return open.sorted { $0.key < $1.key }.map { value, found in
            let counts = found.end < pixels ? found.counts + [UInt32(pixels - found.end)] : found.counts
            return (value, RunLengthMask(width: map.width, height: map.height, counts: counts))
        }
    }
}
