/// What the next bits of a DEFLATE stream stand for, looked up by as many of them as the table is wide. Longer codes continue in a
/// second table, to which the first one links.
struct HuffmanTable {
    /// A symbol, or a link, in 32 bits.
    struct Entry {
        private let raw: UInt32

        init(value: Int, extra: Int = 0, length: Int = 0, isLiteral: Bool = false, isLink: Bool = false, isEnd: Bool = false) {
            raw =
                UInt32(value) << 16 | (isLiteral ? 1 << 15 : 0) | (isLink ? 1 << 14 : 0) | (isEnd ? 1 << 13 : 0)
                | UInt32(extra) << 8 | UInt32(length)
        }

        /// What no symbol has: lengths and distances are above 0.
        static let none = Entry(value: 0)

        /// The literal, the smallest length or distance, or where the linked table begins.
        var value: UInt32 { raw &>> 16 }
        /// The bits that follow the code and are added to the value; of a link, those that choose in the linked table.
        var extra: UInt32 { raw &>> 8 & 31 }
        /// The code's bits; of a link, those already looked at.
        var length: UInt32 { raw & 255 }
        var isLiteral: Bool { raw & 1 << 15 != 0 }
        var isLink: Bool { raw & 1 << 14 != 0 }
        var isEnd: Bool { raw & 1 << 13 != 0 }

        func with(length: Int) -> Entry { Entry(raw: raw & ~255 | UInt32(length)) }
        private init(raw: UInt32) { self.raw = raw }
    }

    private(set) var entries: [Entry] = []
    private let bits: Int
    private let symbols: [Entry]
    var mask: UInt64 { 1 << UInt64(bits) - 1 }

    init(bits: Int, symbols: [Entry]) {
        self.bits = bits
        self.symbols = symbols
    }

    /// Builds the canonical code with the given lengths (0: the symbol is not used).
    /// - Parameter isComplete: whether every sequence of bits must stand for something.
    mutating func build(lengths: [UInt8], isComplete: Bool = true) throws(Inflate.Damage) {
        var counts = [Int](repeating: 0, count: 16)
        for length in lengths { counts[Int(length)] += 1 }
        counts[0] = 0
        var (next, code) = ([Int](repeating: 0, count: 16), 0)
        for length in 1..<16 {
            code = (code + counts[length - 1]) << 1
            next[length] = code
            guard code + counts[length] <= 1 << length else { throw Inflate.Damage("a code has too many symbols") }
        }
        let used = counts.reduce(0, +)
        let isFull = next[15] + counts[15] == 1 << 15
        // One symbol alone may have a code of one bit.
        guard isFull || used <= 1 || !isComplete else { throw Inflate.Damage("a code is incomplete") }
        entries.removeAll(keepingCapacity: true)
        entries += repeatElement(.none, count: 1 << bits)
        for (symbol, length) in lengths.enumerated() where length > 0 {
            let length = Int(length)
            let code = next[length]
            next[length] += 1
            let reversed = Int(UInt16(code).bitSwapped >> (16 - UInt16(length)))
            guard length > bits else {
                for place in stride(from: reversed, to: 1 << bits, by: 1 << length) {
                    entries[place] = symbols[symbol].with(length: length)
                }
                continue
            }
            let low = reversed & (1 << bits - 1)
            if !entries[low].isLink { addTable(at: low) }
            let start = Int(entries[low].value)
            for place in stride(from: reversed >> bits, to: 1 << (15 - bits), by: 1 << (length - bits)) {
                entries[start + place] = symbols[symbol].with(length: length)
            }
        }
    }

    /// Adds a table for all codes that begin with the bits `low`, wide enough for the longest there may be.
    private mutating func addTable(at low: Int) {
        entries[low] = Entry(value: entries.count, extra: 15 - bits, length: bits, isLink: true)
        entries += repeatElement(.none, count: 1 << (15 - bits))
    }

    // MARK: DEFLATE's symbols

    static let literalsAndLengths: [Entry] =
        (0..<256).map { Entry(value: $0, isLiteral: true) } + [Entry(value: 0, isEnd: true)] + lengths

    /// 29 lengths; the last is 258 and has no extra bits. Two symbols that no stream may use fill the fixed code.
    private static let lengths: [Entry] = {
        var (entries, value): ([Entry], Int) = ([], 3)
        for symbol in 0..<28 {
            let extra = symbol < 8 ? 0 : symbol / 4 - 1
            entries.append(Entry(value: value, extra: extra))
            value += 1 << extra
        }
        return entries + [Entry(value: 258), .none, .none]
    }()

    static let distances: [Entry] = {
        var (entries, value): ([Entry], Int) = ([], 1)
        for symbol in 0..<30 {
            let extra = symbol < 4 ? 0 : symbol / 2 - 1
            entries.append(Entry(value: value, extra: extra))
            value += 1 << extra
        }
        return entries + [.none, .none]
    }()

    /// The symbols of the code in which the other codes' lengths are written.
    static let plain: [Entry] = (0..<19).map { Entry(value: $0) }

    static let fixedLiterals: [UInt8] =
        [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112) + [UInt8](repeating: 7, count: 24)
        + [UInt8](repeating: 8, count: 8)
}

extension UInt16 {
    /// The bits in the opposite order.
    fileprivate var bitSwapped: UInt16 {
        var value = self
        value = (value >> 1 & 0x5555) | (value & 0x5555) << 1
        value = (value >> 2 & 0x3333) | (value & 0x3333) << 2
        value = (value >> 4 & 0x0F0F) | (value & 0x0F0F) << 4
        return value.byteSwapped
    }
}
