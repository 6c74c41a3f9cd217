/// A bit for every pixel: rows of 64-bit words, the leftmost pixel in the lowest bit. Bits beyond the width are 0.
struct BitPlane {
    let width: Int
    let height: Int
    /// Words in a row.
    let stride: Int
    var words: [UInt64]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        stride = (width + 63) / 64
        words = .init(repeating: 0, count: stride * height)
    }

    subscript(x: Int, y: Int) -> Bool { words[y * stride + x / 64] >> UInt64(x % 64) & 1 == 1 }

    /// The bits of a row's last word that are pixels.
    var lastMask: UInt64 { width % 64 == 0 ? ~0 : (1 << UInt64(width % 64)) - 1 }

    /// Calls `body` with the column and the row of every bit that is set.
    @inline(__always)
    func visit(_ body: (Int, Int) -> Void) {
        for y in 0..<height {
            for index in 0..<stride {
                var word = words[y * stride + index]
                while word != 0 {
                    body(64 * index + word.trailingZeroBitCount, y)
                    word &= word - 1
                }
            }
        }
    }

    /// The pixels that have a set bit in the square of `2 * radius + 1` pixels around them.
    ///
    /// The windows are put together from windows of 1, 2, 4, … pixels, first along the rows, then along the columns: log₂ radius
    /// operations on words of 64 pixels.
    func dilated(radius: Int) -> BitPlane {
        guard radius > 0 else { return self }
        var result = self
        result.words.withUnsafeMutableBufferPointer { words in
            Self.dilateRows(words.baseAddress!, stride: stride, height: height, radius: radius, lastMask: lastMask)
        }
        result.dilateColumns(radius: radius)
        return result
    }

    private static func dilateRows(_ words: UnsafeMutablePointer<UInt64>, stride: Int, height: Int, radius: Int, lastMask: UInt64) {
        // A row with room on its left for the windows that begin outside of it, and a zero word on its right.
        let room = (radius + 63) / 64
        let count = room + stride
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count + 1) { buffer in
            let row = buffer.baseAddress!
            for y in 0..<height {
                let line = words + y * stride
                if (0..<stride).allSatisfy({ line[$0] == 0 }) { continue }
                row.update(repeating: 0, count: count + 1)
                (row + room).update(from: line, count: stride)
                // row[p] becomes the OR of the pixels p ..< p + length.
                grow(to: 2 * radius + 1) { step in
                    let (skip, shift) = (step / 64, UInt64(step % 64))
                    for index in 0..<count {
                        let low = index + skip < count ? row[index + skip] : 0
                        let high = index + skip + 1 < count ? row[index + skip + 1] : 0
                        row[index] |= shift == 0 ? low : low >> shift | high << (64 - shift)
                    }
                }
                let start = 64 * room - radius
                let (skip, shift) = (start / 64, UInt64(start % 64))
                for index in 0..<stride {
                    let low = row[index + skip]
                    line[index] = shift == 0 ? low : low >> shift | row[index + skip + 1] << (64 - shift)
                }
                line[stride - 1] &= lastMask
            }
        }
    }

    private mutating func dilateColumns(radius: Int) {
        // Rows of zeros above for the windows that begin outside.
        let (rows, stride) = (height + radius, stride)
        var tall = [UInt64](repeating: 0, count: radius * stride) + words
        tall.withUnsafeMutableBufferPointer { tall in
            let start = tall.baseAddress!
            Self.grow(to: 2 * radius + 1) { step in
                guard step < rows else { return }
                for index in 0..<(rows - step) * stride { start[index] |= start[index + step * stride] }
            }
        }
        words = Array(tall[0..<height * stride])
    }

    /// The steps by which windows of one pixel are joined into windows of `length`.
    @inline(__always)
    private static func grow(to length: Int, _ join: (Int) -> Void) {
        var have = 1
        while have < length {
            let step = min(have, length - have)
            join(step)
            have += step
        }
    }
}
