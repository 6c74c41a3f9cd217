import Support

extension RecipeNode {
    /// Sets what `key.path=value` names; an empty value takes the key out, back to its default.
    ///
    /// A list's entries are named by their position from 0, or by their `method`, `name` or `dataset`: `distillation.cwd.weight=3`.
    /// - Throws: ``UnreadableRecipe`` when the path leads through something without keys.
    mutating func apply(override argument: String) throws {
        let location = Location.commandLine(argument)
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
            throw UnreadableRecipe(location: location, message: "expected key=value, such as optimizer.learningRate=0.01")
        }
        let path = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let text = String(argument[argument.index(after: equals)...])
        let value = text.isEmpty ? nil : try RecipeNode(yaml: text, at: location)
        giveStageItsList(at: path)
        try set(value, at: path[...], of: [], location: location)
    }

    private mutating func set(
        _ value: RecipeNode?, at path: ArraySlice<String>, of parents: [String], location: Location
    ) throws {
        guard let key = path.first else {
            if let value { self = value }
            return
        }
        let rest = path.dropFirst()
        switch content {
        case .section(var entries):
            if let index = entries.firstIndex(where: { $0.key == key }) {
                if rest.isEmpty {
                    entries.remove(at: index)
                    if let value { entries.insert(.init(key: key, keyLocation: location, value: value), at: index) }
                } else {
                    try entries[index].value.set(value, at: rest, of: parents + [key], location: location)
                }
            } else if let value {
                var child = RecipeNode(content: .scalar("", quoted: false), location: location)
                try child.set(value, at: rest, of: parents + [key], location: location)
                entries.append(.init(key: key, keyLocation: location, value: child))
            }
            content = .section(entries)
        case .list(var items):
            let index = try Self.index(of: key, in: items, named: parents.joined(separator: "."), location: location)
            if rest.isEmpty && value == nil {
                items.remove(at: index)
            } else {
                try items[index].set(value, at: rest, of: parents + [key], location: location)
            }
            content = .list(items)
        case .scalar:
            // `teacher: none` becomes a section as soon as a key inside it is set.
            guard isNull || plain == "none" else {
                let parent = parents.joined(separator: ".")
                throw UnreadableRecipe(
                    location: location, message: "'\(parent)' holds \(found) and has no key '\(key)'")
            }
            var section = RecipeNode(content: .section([]), location: location)
            try section.set(value, at: path, of: parents, location: location)
            self = section
        }
    }

    /// Where the path leads into a list that a stage has only from above, the stage gets a copy: lists overlay each other whole.
    private mutating func giveStageItsList(at path: [String]) {
        guard path.count > 3, path[0] == StagedRecipe.key, case .section(var entries) = content,
            let place = entries.firstIndex(where: { $0.key == path[0] }), case .list(var stages) = entries[place].value.content,
            let stage = try? Self.index(of: path[1], in: stages, named: path[0], location: location)
        else { return }
        stages[stage].adoptList(at: path[2...], from: self)
        entries[place].value.content = .list(stages)
        content = .section(entries)
    }

    private mutating func adoptList(at path: ArraySlice<String>, from above: RecipeNode) {
        guard let key = path.first, path.count > 1, case .section(var entries) = content, let common = above.entry(key) else { return }
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value.adoptList(at: path.dropFirst(), from: common.value)
        } else if case .list = common.value.content {
            entries.append(common)
        } else {
            var own = RecipeNode(content: .section([]), location: common.value.location)
            own.adoptList(at: path.dropFirst(), from: common.value)
            if !own.entries.isEmpty { entries.append(.init(key: key, keyLocation: common.keyLocation, value: own)) }
        }
        content = .section(entries)
    }

    private static func index(
        of key: String, in items: [RecipeNode], named list: String, location: Location
    ) throws -> Int {
        if let index = Int(key), items.indices.contains(index) { return index }
        let names = items.map { item -> String? in
            guard case .section(let entries) = item.content else { return nil }
            return ["method", "name", "dataset"].lazy.compactMap { key in entries.first { $0.key == key }?.value.text }.first
        }
        if let index = names.firstIndex(of: key) { return index }
        let known = names.compactMap { $0 } + items.indices.map(String.init)
        let choices = known.isEmpty ? "it is empty" : "its entries are \(known.joined(separator: ", "))"
        throw UnreadableRecipe(location: location, message: "the list '\(list)' has no entry '\(key)'; \(choices)")
    }
}
