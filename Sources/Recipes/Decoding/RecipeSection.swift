/// A value that is written as keys over several lines.
protocol RecipeBlock: RecipeValue {
    /// The keys as they are written, with their comments.
    var writtenFields: [Field<Self>] { get }
}

extension RecipeBlock {
    static var expected: String { "a section of keys" }
    static var expectedItems: String { "sections" }

    var yaml: String {
        let pairs = writtenFields.filter { $0.applies(to: self) }.map { "\($0.key): \($0.yaml(self))" }
        return "{\(pairs.joined(separator: ", "))}"
    }
}

/// A part of a recipe: a struct whose keys are declared once, in ``fields``.
///
/// The property's initial value is the default; ``fields`` gives each key its name, its limits and its words.
protocol RecipeSection: RecipeBlock {
    init()
    static var fields: [Field<Self>] { get }
    /// Sets the defaults that depend on other keys; `reader` tells which keys the recipe sets.
    mutating func resolve(_ reader: RecipeReader)
    /// Reports combinations that cannot be.
    func check(_ reader: inout RecipeReader)
}

extension RecipeSection {
    var writtenFields: [Field<Self>] { Self.fields }
    mutating func resolve(_ reader: RecipeReader) {}
    func check(_ reader: inout RecipeReader) {}

    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> Self? {
        var section = Self()
        let before = reader.problems.count
        let isSection = reader.read(node, into: &section, fields: fields) { $0.resolve($1) }
        guard isSection else { return nil }
        // Combinations are judged only among values that were themselves understood.
        if reader.problems.count == before { section.check(&reader) }
        return section
    }
}
