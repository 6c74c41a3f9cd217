/// What a recipe says, as plain text by key path, without knowing what the keys mean.
///
/// So runs of earlier and later versions can be set side by side, whatever keys, models and data sets they name.
public struct RecipeSettings: Sendable, Equatable {
    /// `schedule.steps`: `40000`. A list is one value, `[0.5, 2.0]`; a section that is there, beside its keys, is `{…}`.
    public private(set) var values: [String: String] = [:]

    /// Nil when the text is not YAML, or no section of keys.
    public init?(yaml: String) {
        guard let root = try? RecipeNode(yaml: yaml), case .section = root.content else { return nil }
        read(root, at: "")
    }

    private mutating func read(_ node: RecipeNode, at path: String) {
        guard case .section(let entries) = node.content else {
            values[path] = node.line
            return
        }
        if !path.isEmpty { values[path] = "{…}" }
        for entry in entries { read(entry.value, at: path.isEmpty ? entry.key : "\(path).\(entry.key)") }
    }
}

extension RecipeNode {
    /// All of it on one line, numbers in one spelling.
    fileprivate var line: String {
        switch content {
        case .scalar(let text, let quoted):
            guard !quoted, let number = Double(text), number.isFinite else { return text }
            return number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
        case .list(let items): return "[" + items.map(\.line).joined(separator: ", ") + "]"
        case .section(let entries): return "{" + entries.map { "\($0.key): \($0.value.line)" }.joined(separator: ", ") + "}"
        }
    }
}
