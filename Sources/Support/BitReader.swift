/// Bits from a stream of bytes, the lowest of each byte first. Beyond the end there are zeros.
struct BitReader {
    /// The next byte that is not in `word` yet.
    private(set) var position = 0
    private var word: UInt64 = 0
    private var count: UInt64 = 0

    /// Makes at least 56 bits available; for the last bytes of the input too.
    mutating func refill(_ input: UnsafeBufferPointer<UInt8>) {
        while count < 56 {
            if position < input.count { word |= UInt64(input[position]) &<< count }
            position &+= 1
            count &+= 8
        }
    }

    /// As ``refill(_:)``, in one step; eight bytes must follow `position`.
    @inline(__always)
    mutating func refillFast(_ input: UnsafePointer<UInt8>) {
        word |= UInt64(littleEndian: UnsafeRawPointer(input + position).loadUnaligned(as: UInt64.self)) &<< count
        position &+= Int((63 &- count) &>> 3)
        count |= 56
    }

    @inline(__always)
    func peek(_ mask: UInt64) -> Int { Int(truncatingIfNeeded: word & mask) }

    @inline(__always)
    func peek(_ bits: Int) -> Int { Int(truncatingIfNeeded: word & (1 &<< UInt64(bits) &- 1)) }

    @inline(__always)
    func peek(skipping skipped: UInt32, _ bits: UInt32) -> Int {
        Int(truncatingIfNeeded: word &>> UInt64(skipped) & (1 &<< UInt64(bits) &- 1))
    }

    @inline(__always)
    mutating func skip(_ bits: UInt32) {
        word &>>= UInt64(bits)
        count &-= UInt64(bits)
    }

    @inline(__always)
    mutating func take(_ bits: UInt32) -> UInt64 {
        let value = word & (1 &<< UInt64(bits) &- 1)
        skip(bits)
        return value
    }

    /// Whether bits were taken that the input does not have.
    func isExhausted(_ input: UnsafeBufferPointer<UInt8>) -> Bool { consumed > input.count }

    /// The bytes of which at least a bit was taken.
    var consumed: Int { position - Int(count / 8) }

    /// Drops what is left of a byte, and gives back the bytes that were not taken.
    mutating func alignToByte() { seek(consumed) }

    mutating func seek(_ byte: Int) { (position, word, count) = (byte, 0, 0) }
}
