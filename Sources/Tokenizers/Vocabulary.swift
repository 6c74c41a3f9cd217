import Foundation
import Support

/// Word pieces and their numbers. Compared byte by byte: Swift's strings would take two spellings of an accent for one.
public struct Vocabulary: Sendable {
    private let numbers: [[UInt8]: Int]
    /// One more than the largest number.
    public let count: Int

    init(_ numbers: [[UInt8]: Int]) {
        self.numbers = numbers
        count = (numbers.values.max() ?? -1) + 1
    }

    /// The number of a piece, nil for none of these.
    public subscript(piece: String) -> Int? { numbers[Array(piece.utf8)] }

    subscript(bytes: [UInt8]) -> Int? { numbers[bytes] }

    /// A piece a line, numbered from 0: `vocab.txt`.
    init(lines text: String) {
        var numbers: [[UInt8]: Int] = [:]
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (number, line) in lines.enumerated() {
            numbers[Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)] = number
        }
        self.init(numbers)
    }

    /// The `vocab` object of a `tokenizer.json`.
    /// - Throws: `UserError` when the numbers are not 0, 1, 2, … each once.
    init(_ object: [String: Any], source: String) throws {
        var numbers: [[UInt8]: Int] = [:]
        for (piece, value) in object { numbers[Array(piece.utf8)] = (value as? NSNumber)?.intValue }
        guard !numbers.isEmpty, Set(numbers.values) == Set(0..<object.count) else {
            throw UserError("\(source): the \(object.count) pieces are not numbered 0, 1, 2, …", hint: "Fetch the file again.")
        }
        self.init(numbers)
    }
}
