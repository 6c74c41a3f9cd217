/// Reads numbers and bytes from the front of a buffer and never past its end.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int
    let end: Int

    /// The reader runs past `end`: the content is cut short.
    struct EndOfBytes: Error {}

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - position }

    mutating func byte() throws -> UInt8 {
        guard position < end else { throw EndOfBytes() }
        defer { position += 1 }
        return bytes[position]
    }

    /// A little-endian integer.
    mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: T.self))
    }

    /// The next `count` bytes, in place.
    mutating func take(_ count: some BinaryInteger) throws -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else { throw EndOfBytes() }
        defer { position += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
    }

    /// The bytes up to the next line feed, which is dropped.
    mutating func line() throws -> UnsafeRawBufferPointer {
        guard let stop = bytes[position..<end].firstIndex(of: 0x0A) else { throw EndOfBytes() }
        let line = try take(stop - position)
        position += 1
        return line
    }
}
