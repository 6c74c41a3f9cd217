import Yams

/// A mistake that makes the rest of the text unreadable.
struct UnreadableRecipe: Error {
    let location: Location
    let message: String
}

extension RecipeNode {
    /// Parses YAML 1.1 syntax; types are decided later, by the key that a value belongs to.
    /// - Throws: ``UnreadableRecipe``.
    init(yaml: String, at override: Location? = nil) throws {
        func place(_ mark: Mark?) -> Location {
            override ?? .file(line: mark?.line ?? 1, column: mark?.column ?? 1)
        }
        do {
            var builder = Builder(place: place)
            guard let root = try Yams.compose(yaml: yaml) else {
                self.init(content: .scalar("", quoted: false), location: place(nil))
                return
            }
            self = try builder.node(root)
        } catch let error as YamlError {
            throw UnreadableRecipe(error, place: place)
        }
    }
}

private struct Builder {
    let place: (Mark?) -> Location
    /// Aliases are copied where they are used; this bounds what a short file can grow to.
    var remaining = 100_000

    mutating func node(_ node: Node) throws -> RecipeNode {
        remaining -= 1
        let location = place(node.mark)
        guard remaining > 0 else {
            throw UnreadableRecipe(location: location, message: "the recipe is far too large; do its aliases nest?")
        }
        switch node {
        case .scalar(let scalar):
            let quoted = scalar.style != .plain
            return RecipeNode(content: .scalar(scalar.string, quoted: quoted), location: location)
        case .sequence(let sequence):
            return RecipeNode(content: .list(try sequence.map { try self.node($0) }), location: location)
        case .mapping(let mapping):
            return RecipeNode(content: .section(try entries(mapping)), location: location)
        case .alias:
            throw UnreadableRecipe(location: location, message: "this alias refers to nothing")
        }
    }

    /// The entries of a mapping; `<<: *anchor` adds those of another, which the mapping's own keys override.
    private mutating func entries(_ mapping: Node.Mapping) throws -> [RecipeNode.Entry] {
        var own: [RecipeNode.Entry] = []
        var merged: [RecipeNode.Entry] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                throw UnreadableRecipe(location: place(key.mark), message: "expected a key, found a list or a section")
            }
            let value = try node(value)
            if name.string == "<<" {
                merged += try Self.merged(value)
            } else {
                own.append(.init(key: name.string, keyLocation: place(key.mark), value: value))
            }
        }
        for entry in merged where !own.contains(where: { $0.key == entry.key }) { own.append(entry) }
        return own
    }

    private static func merged(_ node: RecipeNode) throws -> [RecipeNode.Entry] {
        switch node.content {
        case .section(let entries): return entries
        case .list(let nodes): return try nodes.flatMap(merged)
        case .scalar:
            throw UnreadableRecipe(
                location: node.location, message: "'<<' expected the alias of a section, found \(node.found)")
        }
    }
}

extension UnreadableRecipe {
    fileprivate init(_ error: YamlError, place: (Mark?) -> Location) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let lead = context.map { "\($0.text), " } ?? ""
            self.init(location: place(mark), message: "this is not valid YAML: \(lead)\(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map { "'\($0)'" }.joined(separator: ", ")
            self.init(location: place(context.mark), message: "\(names) is given more than once in the same section")
        default:
            self.init(location: place(nil), message: "this is not valid YAML: \(error)")
        }
    }
}
