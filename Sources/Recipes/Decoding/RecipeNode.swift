/// A piece of a recipe as it was written, before it has a type.
struct RecipeNode {
    enum Content {
        /// `quoted` text is never a number, a truth value or "none".
        case scalar(String, quoted: Bool)
        case list([RecipeNode])
        case section([Entry])

        /// Whether this is the quoted text "".
        var isEmptyText: Bool {
            if case .scalar("", quoted: true) = self { return true }
            return false
        }
    }

    struct Entry {
        let key: String
        let keyLocation: Location
        var value: RecipeNode

        /// Whether it, or something in it, was set on the command line.
        var isTyped: Bool {
            if case .commandLine = keyLocation { return true }
            return value.isTyped
        }
    }

    private var isTyped: Bool {
        if case .commandLine = location { return true }
        guard case .section(let entries) = content else { return false }
        return entries.contains(where: \.isTyped)
    }

    var content: Content
    let location: Location

    /// The text of an unquoted scalar.
    var plain: String? {
        if case .scalar(let text, quoted: false) = content { return text }
        return nil
    }

    /// The text of a scalar, quoted or not; nil for an empty one.
    var text: String? {
        guard case .scalar(let text, let quoted) = content, quoted || !isNull else { return nil }
        return text
    }

    /// Whether nothing, `null` or `~` stands here.
    var isNull: Bool { plain.map { ["", "~", "null"].contains($0) } ?? false }

    /// What an error message says was found here.
    var found: String {
        switch content {
        case .scalar(let text, let quoted): quoted ? "the quoted text \"\(text)\"" : isNull ? "nothing" : "'\(text)'"
        case .list(let items): items.isEmpty ? "an empty list" : "a list of \(items.count)"
        case .section: "a section of keys"
        }
    }
}
