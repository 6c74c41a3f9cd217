import Foundation

extension JSONScanner {
    /// A whole number; `3.0` is one too.
    mutating func int() throws -> Int {
        _ = peek()
        let start = position
        let value = try double()
        guard value == value.rounded(), abs(value) <= 0x1p62 else {
            position = start
            throw failure("a whole number")
        }
        // Beyond 2⁵³ a double would not hold every number.
        if abs(value) < 0x1p53 { return Int(value) }
        guard let exact = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            position = start
            throw failure("a whole number")
        }
        return exact
    }

    /// A number, rounded to the nearest double as the standard demands.
    mutating func double() throws -> Double {
        _ = peek()
        let start = position
        let negative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        if negative { position += 1 }
        var (mantissa, digits, fraction) = (UInt64(0), 0, 0)
        digits = readDigits(&mantissa)
        guard digits > 0 else {
            if position < bytes.count { position = start }
            throw failure("a number")
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            fraction = readDigits(&mantissa)
            guard fraction > 0 else { throw failure("digits") }
            digits += fraction
        }
        var exponent = 0
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            let sign = position < bytes.count ? bytes[position] : 0
            if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { position += 1 }
            var size = UInt64(0)
            guard readDigits(&size) > 0 else { throw failure("digits") }
            exponent = (sign == UInt8(ascii: "-") ? -1 : 1) * Int(min(size, 100_000))
        }
        exponent -= fraction
        // Both factors are exact, so their product or quotient is rounded once (Clinger 1990).
        if digits <= 19, mantissa <= 1 << 53, abs(exponent) <= 22 {
            let scaled = exponent < 0 ? Double(mantissa) / Self.powers[-exponent] : Double(mantissa) * Self.powers[exponent]
            return negative ? -scaled : scaled
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            position = start
            throw failure("a number that fits")
        }
        return value
    }

    private mutating func readDigits(_ value: inout UInt64) -> Int {
        let start = position
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ UInt64(digit)
            position += 1
        }
        return position - start
    }

    private static let powers: [Double] = (0...22).map { Double("1e\($0)")! }
}
