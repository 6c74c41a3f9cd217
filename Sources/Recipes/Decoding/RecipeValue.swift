/// Something that stands behind a key of a recipe.
protocol RecipeValue: Sendable, Equatable {
    /// What a message says is expected: "a number".
    static var expected: String { get }
    /// The same for the items of a list: "numbers".
    static var expectedItems: String { get }
    /// The value, or nil after a problem was reported.
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> Self?
    /// The value in YAML's one-line form.
    var yaml: String { get }
}

extension RecipeValue {
    /// Reads by `convert`, and reports what was expected when that gives nil.
    static func read(
        _ node: RecipeNode, _ reader: inout RecipeReader, _ convert: (RecipeNode) -> Self?
    ) -> Self? {
        if let value = convert(node) { return value }
        reader.report(node, "expected \(expected), found \(node.found)")
        return nil
    }
}

extension Int: RecipeValue {
    static var expected: String { "a whole number" }
    static var expectedItems: String { "whole numbers" }
    var yaml: String { String(self) }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> Int? {
        read(node, &reader) { $0.plain.flatMap { Int($0) } }
    }
}

extension Double: RecipeValue {
    static var expected: String { "a number" }
    static var expectedItems: String { "numbers" }
    var yaml: String { String(self) }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> Double? {
        read(node, &reader) { node in
            guard let text = node.plain, text.allSatisfy({ "0123456789+-.eE".contains($0) }) else { return nil }
            return Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }
}

extension Bool: RecipeValue {
    static var expected: String { "true or false" }
    static var expectedItems: String { "true or false" }
    var yaml: String { self ? "true" : "false" }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> Bool? {
        read(node, &reader) { node in
            switch node.plain {
            case "true": true
            case "false": false
            default: nil
            }
        }
    }
}

extension String: RecipeValue {
    static var expected: String { "a text" }
    static var expectedItems: String { "texts" }
    var yaml: String { RecipeWriter.quotedIfNeeded(self) }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> String? {
        read(node, &reader) { $0.text.flatMap { $0.isEmpty ? nil : $0 } }
    }
}

extension Array: RecipeValue where Element: RecipeValue {
    static var expected: String { "a list of \(Element.expectedItems)" }
    static var expectedItems: String { "lists of \(Element.expectedItems)" }
    var yaml: String { "[\(map(\.yaml).joined(separator: ", "))]" }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> [Element]? {
        guard case .list(let items) = node.content else {
            reader.report(node, "expected \(expected), found \(node.found)")
            return nil
        }
        let values = items.enumerated().map { index, item in
            reader.inside("\(index)", at: item.location) { Element.read(item, &$0) }
        }
        return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
    }
}

/// A value that is one of a few words.
protocol RecipeChoice: RecipeValue, RawRepresentable, CaseIterable where RawValue == String {}

extension RecipeChoice {
    static var words: [String] { allCases.map(\.rawValue) }
    static var expected: String { RecipeWriter.alternatives(words) }
    static var expectedItems: String { "words, each \(expected)" }
    var yaml: String { rawValue }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> Self? {
        if let text = node.text, let value = Self(rawValue: text) { return value }
        reader.report(node, expected: expected, among: words)
        return nil
    }
}
