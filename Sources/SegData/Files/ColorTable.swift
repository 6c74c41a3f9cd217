import Vision

/// Turns colours into class indices: a hash table in which most pixels need one comparison, with the pixel before them.
struct ColorTable: Sendable {
    /// Colour and index by slot: 0xIIRRGGBB with the top bit of 64 set where the slot is taken.
    private let slots: [UInt64]
    private let mask: UInt32

    init(_ table: [RGB: UInt8]) {
        var size = 64
        while size < 8 * table.count { size *= 2 }
        mask = UInt32(size - 1)
        var slots = [UInt64](repeating: 0, count: size)
        for (color, index) in table {
            let key = Self.key(color.red, color.green, color.blue)
            var slot = Int(Self.hash(key) & mask)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = 1 << 63 | UInt64(index) << 32 | UInt64(key)
        }
        self.slots = slots
    }

    /// The class of every pixel; nil when a colour is not in the table.
    func indices(of image: Image) -> LabelMap? {
        let image = image.rgb
        let count = image.width * image.height
        var isKnown = true
        let values = [UInt8](unsafeUninitializedCapacity: count) { target, used in
            image.pixels.withUnsafeBufferPointer { pixels in
                slots.withUnsafeBufferPointer { slots in
                    var (last, index) = (UInt32.max, UInt8(0))
                    for pixel in 0..<count {
                        let key = Self.key(pixels[3 &* pixel], pixels[3 &* pixel &+ 1], pixels[3 &* pixel &+ 2])
                        if key != last {
                            guard let found = find(key, slots) else {
                                isKnown = false
                                break
                            }
                            (last, index) = (key, found)
                        }
                        target[pixel] = index
                    }
                }
            }
            used = isKnown ? count : 0
        }
        return isKnown ? LabelMap(width: image.width, height: image.height, values: values) : nil
    }

    /// The first colour that is not in the table, and where.
    func firstUnknown(in image: Image) -> (RGB, x: Int, y: Int)? {
        let image = image.rgb
        return slots.withUnsafeBufferPointer { slots in
            for pixel in 0..<image.width * image.height {
                let color = RGB(image.pixels[3 * pixel], image.pixels[3 * pixel + 1], image.pixels[3 * pixel + 2])
                if find(Self.key(color.red, color.green, color.blue), slots) == nil {
                    return (color, pixel % image.width, pixel / image.width)
                }
            }
            return nil
        }
    }

    @inline(__always)
    private func find(_ key: UInt32, _ slots: UnsafeBufferPointer<UInt64>) -> UInt8? {
        var slot = Int(Self.hash(key) & mask)
        while slots[slot] != 0 {
            if UInt32(truncatingIfNeeded: slots[slot]) == key { return UInt8(truncatingIfNeeded: slots[slot] >> 32) }
            slot = (slot + 1) & Int(mask)
        }
        return nil
    }

    @inline(__always)
    private static func key(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt32 {
        UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
    }

    /// Fibonacci hashing: the upper bits of a product with 2³² divided by the golden ratio.
    @inline(__always)
    private static func hash(_ key: UInt32) -> UInt32 { (key &* 0x9E37_79B9) >> 12 }
}
