/// What becomes of each byte value.
struct ByteTable {
    static let identity = ByteTable { $0 }

    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Results are clamped and rounded down, as torchvision does.
    init(_ change: (Float) -> Float) {
        bytes = (0..<256).map { UInt8(Swift.min(Swift.max(change(Float($0)), 0), 255)) }
    }
}

/// How often one channel has each of the 256 values.
struct ChannelHistogram {
    let counts: [Int32]

    /// From the smallest value that occurs to 0, from the largest to 255; a flat channel stays as it is.
    var stretching: ByteTable {
        guard let low = counts.firstIndex(where: { $0 > 0 }), let high = counts.lastIndex(where: { $0 > 0 }), low < high else {
            return .identity
        }
        // In torchvision's order, which decides where a result falls just below a whole number.
        let scale = Float(high - low) * (1 / 255)
        return ByteTable { ($0 - Float(low)) / scale }
    }

    /// Pillow's `ImageOps.equalize`: value v becomes (pixels below v + step / 2) / step, where `step` is a 255th of all pixels but
    /// those of the largest value.
    var equalizing: ByteTable {
        guard let last = counts.last(where: { $0 > 0 }) else { return .identity }
        let step = (counts.reduce(0) { $0 + Int($1) } - Int(last)) / 255
        guard step > 0 else { return .identity }
        var sum = step / 2
        return ByteTable(
            bytes: counts.map { count in
                defer { sum += Int(count) }
                return UInt8(Swift.min(sum / step, 255))
            })
    }
}
