/// The classes of one's own data, in the order of their label values.
public struct ClassesRecipe: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public var name: String
        /// Red, green, blue; nil: chosen from a palette.
        public var color: [UInt8]?

        public init(_ name: String, color: [UInt8]? = nil) {
            self.name = name
            self.color = color
        }
    }

    /// Empty when a file says them.
    public var entries: [Entry]
    /// A file inside the data's root, with a name a line or as JSON.
    public var file: String?

    public init(_ entries: [Entry] = []) { self.entries = entries }

    public init(file: String) {
        entries = []
        self.file = file
    }
}

extension ClassesRecipe: RecipeValue {
    static var expected: String { "a list of class names, a list of name: [red, green, blue], or a file's name" }
    static var expectedItems: String { "class lists" }

    var yaml: String {
        if let file { return file.yaml }
        let items = entries.map { entry in
            entry.color.map { "\(entry.name.yaml): [\($0.map(String.init).joined(separator: ", "))]" } ?? entry.name.yaml
        }
        return "[\(items.joined(separator: ", "))]"
    }

    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> ClassesRecipe? {
        let entries: [Entry?]
        switch node.content {
        case .list(let items): entries = items.map { entry($0, &reader) }
        case .section(let pairs): entries = pairs.map { colored($0, &reader) }
        case .scalar:
            if let file = node.text, file.contains(".") { return ClassesRecipe(file: file) }
            reader.report(node, "expected \(expected), found \(node.found)")
            return nil
        }
        let found = entries.compactMap { $0 }
        guard found.count == entries.count else { return nil }
        guard (2...254).contains(found.count) else {
            reader.report(node, "expected 2 to 254 classes, found \(found.count)")
            return nil
        }
        let twice = Dictionary(grouping: found, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
        guard twice.isEmpty else {
            reader.report(node, "the class '\(twice[0])' is given more than once")
            return nil
        }
        return ClassesRecipe(found)
    }

    private static func entry(_ node: RecipeNode, _ reader: inout RecipeReader) -> Entry? {
        if let name = node.text { return Entry(name) }
        if case .section(let pairs) = node.content, pairs.count == 1 { return colored(pairs[0], &reader) }
        reader.report(node, "expected a class name or name: [red, green, blue], found \(node.found)")
        return nil
    }

    private static func colored(_ pair: RecipeNode.Entry, _ reader: inout RecipeReader) -> Entry? {
        if case .list(let items) = pair.value.content {
            let color = items.compactMap { $0.plain.flatMap { UInt8($0) } }
            if items.count == 3 && color.count == 3 { return Entry(pair.key, color: color) }
        }
        reader.report(
            pair.value, "expected the colour of '\(pair.key)' as [red, green, blue] from 0 to 255, found \(pair.value.found)")
        return nil
    }
}
