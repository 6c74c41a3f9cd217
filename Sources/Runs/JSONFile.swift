import Foundation
import Support

/// JSON as run folders hold it: keys sorted, dates in ISO 8601, not-a-number and infinities as strings.
public enum JSONFile {
    /// Writes `value` atomically.
    /// - Throws: `UserError` when the file cannot be written.
    public static func write(_ value: some Encodable, to url: URL) throws {
        let encoder = makeEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(value)
        data.append(0x0A)
        try AtomicFile.write(data, to: url)
    }

    /// - Throws: `UserError` naming the file, and the key at fault, when it is missing or is not such a value.
    public static func read<Value: Decodable>(_ type: Value.Type = Value.self, from url: URL) throws -> Value {
        guard let data = try? Data(contentsOf: url) else {
            throw UserError("cannot read \(url.path)", hint: "Check that the file exists and that you may read it.")
        }
        do {
            return try makeDecoder().decode(Value.self, from: data)
        } catch let error as DecodingError {
            throw UserError("\(url.path) is not what this version of segdistill writes: \(explain(error))")
        }
    }

    /// The same as text in one line, for a place inside another file.
    public static func text(of value: some Encodable) throws -> String { String(decoding: try makeEncoder().encode(value), as: UTF8.self) }

    /// - Throws: `DecodingError`.
    public static func value<Value: Decodable>(_ type: Value.Type = Value.self, fromText text: String) throws -> Value {
        try makeDecoder().decode(Value.self, from: Data(text.utf8))
    }

    static func makeEncoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }

    static func makeDecoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "no “\(path(context.codingPath + [key]))”"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "“\(path(context.codingPath))”: \(context.debugDescription)"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not JSON, or it was cut short"
        case .dataCorrupted(let context): "“\(path(context.codingPath))”: \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { key in key.intValue.map(String.init) ?? key.stringValue }.joined(separator: ".")
    }
}
