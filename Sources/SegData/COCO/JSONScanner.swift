import Foundation
import Support

/// Reads JSON from front to back and builds nothing: files of COCO's kind have hundreds of megabytes, most of it numbers.
///
/// What it reads is known beforehand: each method reads one kind of value and throws ``JSONFailure`` when another comes.
struct JSONScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    private var depth = 0

    private static let deepest = 64

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        // A byte order mark, as some editors write.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next byte that is not white space; nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    /// Steps over `byte` if it comes next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    func failure(_ expected: String) -> JSONFailure {
        guard position < bytes.count else { return JSONFailure(expected: expected, found: nil, position: bytes.count) }
        let text = bytes[position..<min(position + 12, bytes.count)].prefix { $0 >= 0x20 }
        return JSONFailure(expected: expected, found: String(decoding: text, as: UTF8.self), position: position)
    }

    /// Reads an object. `member` is called for each key, and reads or skips its value.
    mutating func object(_ member: (inout JSONScanner, JSONKey) throws -> Void) throws {
        try begin(UInt8(ascii: "{"), "an object")
        if !skip(UInt8(ascii: "}")) {
            repeat {
                guard peek() == UInt8(ascii: "\"") else { throw failure("a key") }
                let (key, _) = try rawString()
                guard skip(UInt8(ascii: ":")) else { throw failure("':'") }
                try member(&self, JSONKey(bytes: UnsafeBufferPointer(rebasing: bytes[key])))
            } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "}")) else { throw failure("',' or '}'") }
        }
        depth -= 1
    }

    /// Reads a list. `element` is called before each value, and reads or skips it.
    mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        try begin(UInt8(ascii: "["), "a list")
        if !skip(UInt8(ascii: "]")) {
            repeat { try element(&self) } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "]")) else { throw failure("',' or ']'") }
        }
        depth -= 1
    }

    private mutating func begin(_ byte: UInt8, _ name: String) throws {
        guard peek() == byte, depth < Self.deepest else { throw failure(name) }
        position += 1
        depth += 1
    }

    /// A list of numbers.
    mutating func numbers() throws -> [Double] {
        var numbers: [Double] = []
        try array { numbers.append(try $0.double()) }
        return numbers
    }

    mutating func string() throws -> String {
        var result = ""
        try withString { result = String(decoding: $0, as: UTF8.self) }
        return result
    }

    /// Reads a string and hands its bytes over, escapes resolved.
    mutating func withString(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        let (range, hasEscapes) = try rawString()
        if hasEscapes {
            try unescaped(range).withUnsafeBufferPointer { try body($0) }
        } else {
            try body(UnsafeBufferPointer(rebasing: bytes[range]))
        }
    }

    /// Where the next string's bytes are, without its quotes.
    mutating func rawString() throws -> (range: Range<Int>, hasEscapes: Bool) {
        guard peek() == UInt8(ascii: "\"") else { throw failure("a string") }
        position += 1
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return (start..<position - 1, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            default: position += 1
            }
        }
        position = bytes.count
        throw failure("the end of a string")
    }

    private func unescaped(_ range: Range<Int>) throws -> [UInt8] {
        // A compressed mask has backslashes and no other escapes.
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < range.upperBound {
                guard bytes[index + 1] == UInt8(ascii: "\\") || bytes[index + 1] == UInt8(ascii: "/") else { return try decoded(range) }
                index += 1
            }
            result.append(bytes[index])
            index += 1
        }
        return result
    }

    /// Any escape, in the few strings that have others.
    private func decoded(_ range: Range<Int>) throws -> [UInt8] {
        let quoted = Data(bytes[range.lowerBound - 1..<range.upperBound + 1])
        guard let text = try? JSONDecoder().decode(String.self, from: quoted) else {
            throw JSONFailure(
                expected: "a string", found: String(decoding: bytes[range].prefix(12), as: UTF8.self), position: range.lowerBound)
        }
        return Array(text.utf8)
    }

    /// Steps over one value of any kind.
    mutating func skipValue() throws {
        switch peek() {
        case UInt8(ascii: "{"): try object { scanner, _ in try scanner.skipValue() }
        case UInt8(ascii: "["): try array { try $0.skipValue() }
        case UInt8(ascii: "\""): _ = try rawString()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): guard skipNull() else { throw failure("a value") }
        default: _ = try double()
        }
    }

    /// Steps over `null` if it comes next.
    mutating func skipNull() -> Bool { peek() == UInt8(ascii: "n") && skipWord("null") }

    /// `true`, `false`, or a number that is not 0 for true.
    mutating func bool() throws -> Bool {
        switch peek() {
        case UInt8(ascii: "t"): if skipWord("true") { return true }
        case UInt8(ascii: "f"): if skipWord("false") { return false }
        default: return try double() != 0
        }
        throw failure("true or false")
    }

    private mutating func skipWord(_ word: StaticString) -> Bool {
        let count = min(word.utf8CodeUnitCount, bytes.count - position)
        guard memcmp(bytes.baseAddress! + position, word.utf8Start, count) == 0 else { return false }
        // At the end of the file, what follows says that the word is cut short.
        position += count
        return count == word.utf8CodeUnitCount
    }

    /// - Throws: ``JSONFailure`` when something follows.
    mutating func end() throws {
        guard peek() == nil else { throw failure("the end of the file") }
    }
}

/// A key as it stands in the file; compared with `case "name"`.
struct JSONKey {
    let bytes: UnsafeBufferPointer<UInt8>

    static func ~= (name: StaticString, key: JSONKey) -> Bool {
        name.utf8CodeUnitCount == key.bytes.count && memcmp(name.utf8Start, key.bytes.baseAddress!, key.bytes.count) == 0
    }
}

/// Something else than expected in a JSON file.
struct JSONFailure: Error {
    let expected: String
    /// The text there; nil at the end of the file.
    let found: String?
    let position: Int

    func userError(_ path: String) -> UserError {
        guard let found else {
            return UserError(
                "\(path): the JSON file is cut short after \(position) bytes: \(expected) was to follow",
                hint: "Copy it again from its source.")
        }
        return UserError("\(path): expected \(expected) at byte \(position) of the JSON file, found '\(found)'")
    }
}
