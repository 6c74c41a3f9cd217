/// A JSON value as written: objects keep their order, and a key that occurs twice is an error
/// (Foundation's parser would silently keep one of the two).
enum JSON {
    case object([JSONMember])
    case array([JSON])
    case string(String)
    case integer(Int)
    case real(Double)
    case bool(Bool)
    case null

    /// Parses the whole of `bytes`; white space may follow.
    /// - Throws: ``TensorFileProblem/badHeader(_:)`` or ``TensorFileProblem/duplicateName(_:)``.
    init(parsing bytes: UnsafeRawBufferPointer) throws {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw TensorFileProblem.badHeader("it is not UTF-8 text")
        }
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

/// A name and its value. (A type of its own: the compiler takes an enum of arrays of tuples of itself for circular in debug builds.)
struct JSONMember {
    let key: String
    let value: JSON
}

/// A strict recursive parser of RFC 8259 over bytes that are known to be valid UTF-8.
private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    var depth = 0

    private static let deepest = 32

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document() throws -> JSON {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw failure("something follows the JSON value") }
        return value
    }

    private func failure(_ reason: String) -> TensorFileProblem { .badHeader("\(reason) at byte \(position)") }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        skipSpace()
        guard next == UInt8(character.value) else { throw failure("expected '\(character)'") }
        position += 1
    }

    /// Steps over `character` if it comes next.
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(character.value) else { return false }
        position += 1
        return true
    }

    private mutating func value() throws -> JSON {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        case UInt8(ascii: "["): return try nested { try $0.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ body: (inout Self) throws -> JSON) throws -> JSON {
        guard depth < Self.deepest else { throw failure("nested more than \(Self.deepest) deep") }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws -> JSON {
        var members: [JSONMember] = []
        if skip("}") { return .object(members) }
        var seen = Set<String>()
        repeat {
            skipSpace()
            let key = try string()
            // Most objects describe one tensor: three members, for which a set would cost more than it saves.
            if members.count == 8 { seen = Set(members.map(\.key)) }
            let isNew = members.count < 8 ? !members.contains { $0.key == key } : seen.insert(key).inserted
            guard isNew else { throw TensorFileProblem.duplicateName(key) }
            try expect(":")
            members.append(JSONMember(key: key, value: try value()))
        } while skip(",")
        try expect("}")
        return .object(members)
    }

    private mutating func array() throws -> JSON {
        var items: [JSON] = []
        if skip("]") { return .array(items) }
        repeat { items.append(try value()) } while skip(",")
        try expect("]")
        return .array(items)
    }

    private mutating func literal(_ text: StaticString, _ value: JSON) throws -> JSON {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count,
            bytes[position..<position + count].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
        else { throw failure("unexpected text") }
        position += count
        return value
    }

    private mutating func string() throws -> String {
        guard next == UInt8(ascii: "\"") else { throw failure("expected a string") }
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        return try escapedString(Array(bytes[start..<position]))
    }

    /// The rest of a string that holds escapes, after `text`.
    private mutating func escapedString(_ text: [UInt8]) throws -> String {
        var text = text
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw failure("a control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string without end")
    }

    private mutating func escape() throws -> Unicode.Scalar {
        guard let byte = next else { throw failure("a string without end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        let first = try hexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), next == UInt8(ascii: "\\") else { throw failure("half of a surrogate pair") }
        position += 1
        guard next == UInt8(ascii: "u") else { throw failure("half of a surrogate pair") }
        position += 1
        let second = try hexDigits()
        guard (0xDC00..<0xE000).contains(second) else { throw failure("half of a surrogate pair") }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))!
    }

    private mutating func hexDigits() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func digits() throws {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure("expected a value") }
    }

    private mutating func number() throws -> JSON {
        let start = position
        let negative = next == UInt8(ascii: "-")
        if negative { position += 1 }
        let leadingZero = next == UInt8(ascii: "0")
        let integerStart = position
        try digits()
        guard !leadingZero || position == integerStart + 1 else { throw failure("a number with a leading zero") }
        var isInteger = true
        if next == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text), !(negative && value == 0) { return .integer(value) }
        guard let value = Double(text) else { throw failure("a number out of range") }
        return .real(value)
    }
}
