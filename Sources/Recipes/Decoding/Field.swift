/// One key of a section: its name, its meaning, and how it is read and written.
struct Field<Section> {
    /// When a key has a meaning: the words that a message uses, and the test.
    struct Condition {
        let text: String
        /// The key that decides; nil where it is not one of the section's.
        var key: String?
        let holds: (Section) -> Bool
    }

    let key: String
    /// What the key means, its unit, and where its default comes from.
    let doc: String
    private(set) var synonyms: [String] = []
    private(set) var isRequired = false
    private(set) var condition: Condition?
    /// A section that is always there, written or not.
    var isWholeSection = false
    let read: (RecipeNode, inout Section, inout RecipeReader) -> Void
    /// The value in one line.
    let yaml: (Section) -> String
    /// Writes the value over several lines; nil for values of one line.
    var writeBlock: ((Section, inout RecipeWriter) -> Void)?

    init(
        _ key: String, doc: String,
        read: @escaping (RecipeNode, inout Section, inout RecipeReader) -> Void,
        yaml: @escaping (Section) -> String
    ) {
        self.key = key
        self.doc = doc
        self.read = read
        self.yaml = yaml
    }

    func applies(to section: Section) -> Bool { condition?.holds(section) ?? true }

    /// Other words that people use for the key; they only serve "did you mean".
    func known(as synonyms: String...) -> Field {
        var field = self
        field.synonyms = synonyms
        return field
    }

    /// The recipe has to set the key.
    func required() -> Field {
        var field = self
        field.isRequired = true
        return field
    }

    /// The key has a meaning only where `holds`; `text` names that place in messages.
    func only(_ text: String, _ holds: @escaping (Section) -> Bool) -> Field {
        var field = self
        field.condition = Condition(text: text, holds: holds)
        return field
    }

    /// The key has a meaning only while another one has one of `values`.
    func only<Choice: RecipeChoice>(_ other: String, _ keyPath: KeyPath<Section, Choice>, _ values: Choice...) -> Field {
        var field = only(RecipeWriter.alternatives(values.map { "'\(other): \($0.rawValue)'" })) { values.contains($0[keyPath: keyPath]) }
        field.condition?.key = other
        return field
    }
}

extension Field {
    /// The same key as one of `Whole`'s own, where `Whole` keeps this section at `part`.
    func lifted<Whole>(to part: WritableKeyPath<Whole, Section>) -> Field<Whole> {
        let (read, yaml) = (read, yaml)
        var field = Field<Whole>(key, doc: doc) {
            read($0, &$1[keyPath: part], &$2)
        } yaml: {
            yaml($0[keyPath: part])
        }
        field.synonyms = synonyms
        field.isRequired = isRequired
        field.isWholeSection = isWholeSection
        if let condition { field.condition = .init(text: condition.text, key: condition.key) { condition.holds($0[keyPath: part]) } }
        if let writeBlock { field.writeBlock = { writeBlock($0[keyPath: part], &$1) } }
        return field
    }
}
