/// Where a label map changes.
struct LabelBorders {
    /// Bit (x, y): the labels at x and x + 1 differ.
    let steps: BitPlane
    /// Bit (x, y): the labels in the square of (x, y) and (x + 1, y + 1), as far as it lies in the image, are not all the same.
    ///
    /// For each class these are the contour pixels of its mask, as Perazzi et al. (2016) define them: membership changes to the right, below
    /// or diagonally below.
    let contour: BitPlane

    init(_ labels: UnsafePointer<UInt8>, width: Int, height: Int) {
        var steps = BitPlane(width: width, height: height)
        var contour = steps
        let stride = steps.stride
        var below = [UInt64](repeating: 0, count: stride)
        steps.words.withUnsafeMutableBufferPointer { steps in
            for y in 0..<height {
                let row = steps.baseAddress! + y * stride
                Self.compare(labels + y * width, labels + y * width + 1, count: width - 1, row)
            }
            for y in 0..<height {
                let row = steps.baseAddress! + y * stride
                let start = y * stride
                guard y + 1 < height else {
                    for index in 0..<stride { contour.words[start + index] = row[index] }
                    continue
                }
                below.withUnsafeMutableBufferPointer { below in
                    Self.compare(labels + y * width, labels + (y + 1) * width, count: width, below.baseAddress!)
                    for index in 0..<stride {
                        let next = index + 1 < stride ? below[index + 1] : 0
                        contour.words[start + index] = row[index] | row[stride + index] | below[index] | below[index] >> 1 | next << 63
                    }
                }
            }
        }
        self.steps = steps
        self.contour = contour
    }

    /// The pixels within `radius` of a pixel with another label, in Chebyshev distance: the square of `2 * radius + 1` pixels around
    /// them holds more than one label.
    /// - Parameter framed: whether what lies outside of the image counts as another label.
    func band(radius: Int, framed: Bool) -> BitPlane {
        var touching = contour
        let (width, height, stride, lastMask) = (touching.width, touching.height, touching.stride, touching.lastMask)
        touching.words.withUnsafeMutableBufferPointer { words in
            // Every pixel of a mixed square touches another label: spread each square over its four pixels, from the bottom up.
            for y in (0..<height).reversed() {
                for index in (0..<stride).reversed() {
                    let place = y * stride + index
                    var own = words[place]
                    var left = index > 0 ? words[place - 1] : 0
                    if y > 0 {
                        own |= words[place - stride]
                        left |= index > 0 ? words[place - stride - 1] : 0
                    }
                    words[place] = own | own << 1 | left >> 63
                }
                words[(y + 1) * stride - 1] &= lastMask
            }
            guard framed else { return }
            for y in 0..<height {
                if y == 0 || y == height - 1 {
                    for index in 0..<stride { words[y * stride + index] = index == stride - 1 ? lastMask : ~0 }
                } else {
                    words[y * stride] |= 1
                    words[y * stride + stride - 1] |= 1 << UInt64((width - 1) % 64)
                }
            }
        }
        return touching.dilated(radius: radius - 1)
    }

    /// Sets bit i where `a[i]` and `b[i]` differ, eight at a time.
    private static func compare(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, count: Int, _ bits: UnsafeMutablePointer<UInt64>) {
        let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        var position = 0
        while position < count {
            var word: UInt64 = 0
            let end = min(position + 64, count)
            var byte = position
            while byte + 8 <= end {
                let difference =
                    left.loadUnaligned(fromByteOffset: byte, as: UInt64.self) ^ right.loadUnaligned(fromByteOffset: byte, as: UInt64.self)
                if difference != 0 { word |= oneBitPerByte(difference) << UInt64(byte - position) }
                byte += 8
            }
            while byte < end {
                if a[byte] != b[byte] { word |= 1 << UInt64(byte - position) }
                byte += 1
            }
            bits[position / 64] = word
            position += 64
        }
    }

    /// Bit i of the result: byte i is not 0 (bytes counted from the lowest; little-endian memory order).
    @inline(__always)
    private static func oneBitPerByte(_ bytes: UInt64) -> UInt64 {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        let flags = (((bytes & low) &+ low) | bytes) & ~low
        return ((flags >> 7) &* 0x0102_0408_1020_4080) >> 56
    }
}
