/// Fowler, Noll and Vo's hash FNV-1a of 64 bits: tells whether something is still what it was. No protection against forgery.
package struct FNV {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package var text: String { String(value, radix: 16) }

    package mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

    package mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    package mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        add(UInt8(0))
    }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) { for byte in bytes { add(byte) } }
}
