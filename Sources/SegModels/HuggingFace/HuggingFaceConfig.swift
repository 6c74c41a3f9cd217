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

    /// - Throws: `UserError` when `text` is no JSON object.
    init(_ text: String, source: String) throws {
        guard let values = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] else {
            throw UserError("\(source) is not a JSON object", hint: "Fetch the folder again.")
        }
        self.init(values, source: source)
    }

    /// `model_type`, "" if there is none.
    var modelType: String { values["model_type"] as? String ?? "" }
    /// The class that wrote the folder, such as `Dinov2Model`; nil if it doesn't say.
    var architecture: String? { (values["architectures"] as? [String])?.first }
    var keys: [String] { values.keys.sorted() }
    /// The name of the network in a folder that timm wrote.
    var timmName: String? { has("model_type") ? nil : values["architecture"] as? String }

    /// How many classes a model with a classifier or a segmentation head tells apart: the entries of `id2label`, or `num_labels`; 2, as
    /// transformers takes it, when it says neither.
    func classes() throws -> Int {
        if let labels = values["id2label"] as? [String: Any] { return labels.count }
        return try int("num_labels", 2)
    }

    /// The classes' names by their numbers 0, 1, 2, …
    func classNames() throws -> [String] {
        guard let labels = values["id2label"] as? [String: String] else { return [] }
        return try (0..<labels.count).map { index in
            guard let name = labels[String(index)] else {
                throw UserError("\(source): 'id2label' has no name for \(index)", hint: "Number the classes from 0 on.")
            }
            return name
        }
    }

    /// The same for another number of classes.
    func with(classes: Int) -> HuggingFaceConfig {
        var changed = values
        changed["id2label"] = nil
        changed["num_labels"] = classes
        return HuggingFaceConfig(changed, source: source)
    }

    /// The same as of another class.
    func with(architecture: String) -> HuggingFaceConfig {
        HuggingFaceConfig(values.merging(["architectures": [architecture]]) { $1 }, source: source)
    }

    func has(_ key: String) -> Bool { values[key].map { !($0 is NSNull) } ?? false }

    func int(_ key: String, _ fallback: Int? = nil) throws -> Int {
        try value(key, fallback, "a whole number") { ($0 as? NSNumber)?.exactInt }
    }
    func double(_ key: String, _ fallback: Double? = nil) throws -> Double {
        try value(key, fallback, "a number") { ($0 as? NSNumber)?.doubleValue }
    }
    func bool(_ key: String, _ fallback: Bool? = nil) throws -> Bool { try value(key, fallback, "true or false") { $0 as? Bool } }
    func string(_ key: String, _ fallback: String? = nil) throws -> String { try value(key, fallback, "a text") { $0 as? String } }
    func ints(_ key: String, _ fallback: [Int]? = nil) throws -> [Int] {
        try value(key, fallback, "whole numbers") { ($0 as? [NSNumber])?.map(\.exactInt) as? [Int] }
    }
    func doubles(_ key: String, _ fallback: [Double]? = nil) throws -> [Double] {
        try value(key, fallback, "numbers") { ($0 as? [NSNumber])?.map(\.doubleValue) }
    }
    func bools(_ key: String, _ fallback: [Bool]? = nil) throws -> [Bool] { try value(key, fallback, "truth values") { $0 as? [Bool] } }
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
            throw UserError(
                "\(source): \(key) is '\(found)', which this package does not have",
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
