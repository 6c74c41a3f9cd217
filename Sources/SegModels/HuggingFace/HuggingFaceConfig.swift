import Foundation
import Support

/// A `config.json`, or an object inside it, read with a check of every value that is used.
struct HuggingFaceConfig {
    /// Where it was read, for messages.
    let source: String
    private let values: [String: Any]

    init(_ values: [String: Any], source: String) {
        self.values = values
        self.source = source
    }

    /// - Throws: `UserError` when there is no such file, or no JSON object in it.
    init(contentsOf url: URL) throws {
        guard let data = try? Data(contentsOf: url) else {
            throw UserError("found no \(url.lastPathComponent) in \(url.deletingLastPathComponent().path)",
                hint: "Give a folder in Hugging Face layout (config.json and *.safetensors), or a file of weights and the model's name.")
        }
        guard let values = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
            throw UserError("\(url.path) is not a JSON object", hint: "Fetch the folder again.")
        }
        self.init(values, source: url.path)
    }

    /// `model_type`, "" if there is none.
    var modelType: String { values["model_type"] as? String ?? "" }
    /// The class that wrote the folder, such as `Dinov2Model`; nil if it doesn't say.
    var architecture: String? { (values["architectures"] as? [String])?.first }
    var keys: [String] { values.keys.sorted() }

    func has(_ key: String) -> Bool { values[key].map { !($0 is NSNull) } ?? false }

    func int(_ key: String, _ fallback: Int? = nil) throws -> Int { try value(key, fallback, "a whole number") { ($0 as? NSNumber)?.exactInt } }
    func double(_ key: String, _ fallback: Double? = nil) throws -> Double { try value(key, fallback, "a number") { ($0 as? NSNumber)?.doubleValue } }
    func bool(_ key: String, _ fallback: Bool? = nil) throws -> Bool { try value(key, fallback, "true or false") { $0 as? Bool } }
    func string(_ key: String, _ fallback: String? = nil) throws -> String { try value(key, fallback, "a text") { $0 as? String } }
    func ints(_ key: String, _ fallback: [Int]? = nil) throws -> [Int] {
        try value(key, fallback, "whole numbers") { ($0 as? [NSNumber])?.map(\.exactInt) as? [Int] }
    }
    func doubles(_ key: String, _ fallback: [Double]? = nil) throws -> [Double] {
        try value(key, fallback, "numbers") { ($0 as? [NSNumber])?.map(\.doubleValue) }
    }
    func strings(_ key: String, _ fallback: [String]? = nil) throws -> [String] { try value(key, fallback, "texts") { $0 as? [String] } }

    /// A whole number, or a pair of two equal ones: image and patch sizes.
    func side(_ key: String, _ fallback: Int? = nil) throws -> Int {
        try value(key, fallback, "a whole number") { found in
            if let pair = found as? [NSNumber], let first = pair.first, pair.allSatisfy({ $0 == first }) { return first.exactInt }
            return (found as? NSNumber)?.exactInt
        }
    }

    /// The object under `key`; an empty one where it is absent and `isOptional`.
    func object(_ key: String, isOptional: Bool = false) throws -> HuggingFaceConfig {
        let found = try value(key, isOptional ? [:] : nil, "an object") { $0 as? [String: Any] }
        return HuggingFaceConfig(found, source: "\(source), \(key)")
    }

    /// Refuses a value that this package has no code for.
    func require(_ key: String, in allowed: [String], default fallback: String) throws {
        let found = try string(key, fallback)
        guard allowed.contains(found) else {
            throw UserError("\(source): \(key) is '\(found)', which this package does not have",
                hint: "It has: \(allowed.joined(separator: ", ")).")
        }
    }

    private func value<T>(_ key: String, _ fallback: T?, _ kind: String, _ read: (Any) -> T?) throws -> T {
        guard let found = values[key], !(found is NSNull) else {
            if let fallback { return fallback }
            throw UserError("\(source) has no '\(key)'", hint: "Expected \(kind). Is the file complete, and the model_type right?")
        }
        guard let result = read(found) else {
            throw UserError("\(source): '\(key)' is \(found)", hint: "Expected \(kind).")
        }
        return result
    }
}

extension NSNumber {
    fileprivate var exactInt: Int? { Int(exactly: doubleValue) }
}
