/// Decompresses streams of zlib (RFC 1950) and DEFLATE (RFC 1951) that are in memory as a whole, as far as they are wanted.
///
/// A symbol costs one lookup in a table with the code's first bits; eight bytes of input are taken at a time and matches are copied
/// eight bytes at a time, as long as neither input nor output is near its end.
package struct Inflate {
    /// Why a stream cannot be decompressed.
    package struct Damage: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    private let input: UnsafeBufferPointer<UInt8>
    private let output: UnsafeMutableBufferPointer<UInt8>
    private var bits = BitReader()
    private var produced = 0
    private var literals = HuffmanTable(bits: 11, symbols: HuffmanTable.literalsAndLengths)
    private var distances = HuffmanTable(bits: 9, symbols: HuffmanTable.distances)

    /// Writes the first bytes that a zlib stream stands for, until the output is full or the stream ends. Its checksum is not verified.
    /// - Returns: how many bytes were written, and how many bytes of the stream were looked at.
    /// - Throws: ``Damage``.
    package static func zlib(
        _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) throws(Damage) -> (written: Int, read: Int) {
        guard input.count >= 2, input[0] & 15 == 8, input[1] & 32 == 0, (Int(input[0]) << 8 | Int(input[1])) % 31 == 0 else {
            throw Damage("no zlib stream")
        }
        let (written, read) = try deflate(UnsafeBufferPointer(rebasing: input[2...]), into: output)
        return (written, read + 2)
    }

    /// As ``zlib(_:into:)``, for a bare DEFLATE stream.
    package static func deflate(
        _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) throws(Damage) -> (written: Int, read: Int) {
        var stream = Inflate(input: input, output: output)
        try stream.run()
        return (stream.produced, stream.bits.consumed)
    }

    private init(input: UnsafeBufferPointer<UInt8>, output: UnsafeMutableBufferPointer<UInt8>) {
        self.input = input
        self.output = output
    }

    private mutating func run() throws(Damage) {
        var isLast = false
        while !isLast, produced < output.count {
            bits.refill(input)
            isLast = bits.take(1) == 1
            switch bits.take(2) {
            case 0: try copyStored()
            case 1:
                try literals.build(lengths: HuffmanTable.fixedLiterals)
                try distances.build(lengths: [UInt8](repeating: 5, count: 32))
                try decodeBlock()
            case 2:
                try readTables()
                try decodeBlock()
            default: throw Damage("unknown kind of block")
            }
            try expectInput()
        }
    }

    private func expectInput() throws(Damage) {
        guard !bits.isExhausted(input) else { throw Damage("the compressed stream is cut short") }
    }

    private mutating func copyStored() throws(Damage) {
        bits.alignToByte()
        let start = bits.position
        guard start + 4 <= input.count else { throw Damage("the compressed stream is cut short") }
        let length = Int(input[start]) | Int(input[start + 1]) << 8
        guard length ^ 0xFFFF == Int(input[start + 2]) | Int(input[start + 3]) << 8 else {
            throw Damage("a block's length is damaged")
        }
        let count = min(length, output.count - produced)
        guard start + 4 + count <= input.count else { throw Damage("the compressed stream is cut short") }
        for index in 0..<count { output[produced + index] = input[start + 4 + index] }
        produced += count
        bits.seek(start + 4 + length)
    }

    private mutating func readTables() throws(Damage) {
        let counts = (literals: Int(bits.take(5)) + 257, distances: Int(bits.take(5)) + 1, codes: Int(bits.take(4)) + 4)
        var lengths = [UInt8](repeating: 0, count: 19)
        let order: [Int] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        for index in 0..<counts.codes {
            bits.refill(input)
            lengths[order[index]] = UInt8(bits.take(3))
        }
        var codes = HuffmanTable(bits: 7, symbols: HuffmanTable.plain)
        try codes.build(lengths: lengths)
        var all: [UInt8] = []
        let total = counts.literals + counts.distances
        while all.count < total {
            bits.refill(input)
            try expectInput()
            let symbol = codes.entries[bits.peek(7)]
            bits.skip(symbol.length)
            let (value, repeats): (UInt8, Int)
            switch symbol.value {
            case 0..<16: (value, repeats) = (UInt8(symbol.value), 1)
            case 16:
                guard let last = all.last else { throw Damage("a code's lengths are damaged") }
                (value, repeats) = (last, 3 + Int(bits.take(2)))
            case 17: (value, repeats) = (0, 3 + Int(bits.take(3)))
            default: (value, repeats) = (0, 11 + Int(bits.take(7)))
            }
            guard symbol.length > 0, all.count + repeats <= total else { throw Damage("a code's lengths are damaged") }
            all += repeatElement(value, count: repeats)
        }
        guard all[256] > 0 else { throw Damage("a block has no end") }
        try literals.build(lengths: Array(all[..<counts.literals]))
        try distances.build(lengths: Array(all[counts.literals...]), isComplete: false)
    }

    // MARK: The block's symbols

    private mutating func decodeBlock() throws(Damage) {
        let start = output.baseAddress!
        var bits = bits
        var produced = produced
        defer {
            self.bits = bits
            self.produced = produced
        }
        let (literalMask, distanceMask) = (literals.mask, distances.mask)
        // A step reads at most 16 bytes, and writes at most two literals and a match of 258 bytes, whose copy may overshoot by 7.
        let (lastInput, lastOutput) = (input.count - 16, output.count - 272)
        try literals.entries.withUnsafeBufferPointer { literals throws(Damage) in
            try distances.entries.withUnsafeBufferPointer { distances throws(Damage) in
                while true {
                    let isFast = bits.position <= lastInput && produced <= lastOutput
                    if isFast { bits.refillFast(input.baseAddress!) } else { bits.refill(input) }
                    var symbol = literals[bits.peek(literalMask)]
                    if symbol.isLiteral, isFast {
                        // 56 bits hold three codes of at most 15 bits, or one, and the longest match after it.
                        bits.skip(symbol.length)
                        start[produced] = UInt8(truncatingIfNeeded: symbol.value)
                        produced &+= 1
                        symbol = literals[bits.peek(literalMask)]
                        if symbol.isLiteral {
                            bits.skip(symbol.length)
                            start[produced] = UInt8(truncatingIfNeeded: symbol.value)
                            produced &+= 1
                            symbol = literals[bits.peek(literalMask)]
                            if symbol.isLiteral {
                                bits.skip(symbol.length)
                                start[produced] = UInt8(truncatingIfNeeded: symbol.value)
                                produced &+= 1
                                continue
                            }
                        }
                        bits.refillFast(input.baseAddress!)
                    }
                    if symbol.isLink { symbol = literals[Int(symbol.value) &+ bits.peek(skipping: symbol.length, symbol.extra)] }
                    bits.skip(symbol.length)
                    if symbol.isLiteral {
                        guard produced < output.count else { return }
                        start[produced] = UInt8(truncatingIfNeeded: symbol.value)
                        produced &+= 1
                        continue
                    }
                    if symbol.isEnd { return }
                    guard symbol.value > 0 else { throw Damage("a code that stands for nothing") }
                    let length = Int(symbol.value) &+ Int(bits.take(symbol.extra))
                    var back = distances[bits.peek(distanceMask)]
                    if back.isLink { back = distances[Int(back.value) &+ bits.peek(skipping: back.length, back.extra)] }
                    bits.skip(back.length)
                    let distance = Int(back.value) &+ Int(bits.take(back.extra))
                    guard back.value > 0, distance <= produced else { throw Damage("a match before the beginning") }
                    if isFast {
                        copyMatch(start + produced, distance, length)
                        produced &+= length
                    } else {
                        let count = min(length, output.count &- produced)
                        for index in 0..<count { start[produced &+ index] = start[produced &+ index &- distance] }
                        produced &+= count
                    }
                    if produced == output.count { return }
                    if !isFast, bits.isExhausted(input) { return }
                }
            }
        }
    }
}

/// Copies a match in words of 8 bytes; up to 7 bytes too many.
@inline(__always)
private func copyMatch(_ target: UnsafeMutablePointer<UInt8>, _ distance: Int, _ length: Int) {
    var (offset, back) = (0, distance)
    if distance < 8 {
        for index in 0..<8 { target[index] = target[index &- distance] }
        // The match repeats itself: what lies a multiple of the distance back is the same, and far enough for words.
        (offset, back) = (8, (8 &+ distance) / distance &* distance)
    }
    let (to, from) = (UnsafeMutableRawPointer(target), UnsafeRawPointer(target - back))
    while offset < length {
        to.storeBytes(of: from.loadUnaligned(fromByteOffset: offset, as: UInt64.self), toByteOffset: offset, as: UInt64.self)
        offset &+= 8
    }
}
