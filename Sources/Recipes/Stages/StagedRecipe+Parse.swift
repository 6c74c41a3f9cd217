import Support

extension StagedRecipe {
    /// Reads a recipe of stages from text.
    ///
    /// - Parameter overrides: `key.path=value` from the command line, for the keys above the stages, and `stages.NAME.key.path=value`.
    /// - Returns: nil when the recipe has no stages.
    /// - Throws: ``RecipeError`` with everything that is wrong, in any stage.
    public static func parse(
        _ yaml: String, file: String = "recipe", overrides: [String] = [], catalog: RecipeCatalog
    ) throws -> StagedRecipe? {
        guard let written = try? RecipeNode(yaml: yaml), written.entry(key) != nil else { return nil }
        let (root, unreadable) = try RecipeNode.root(yaml, file: file, overrides: overrides)
        guard case .section(let entries) = root.content, let list = root.entry(key) else { return nil }
        let (overlays, problems) = read(list)
        guard problems.isEmpty else { throw RecipeError(file: file, problems: problems + unreadable) }
        let common = entries.filter { $0.key != key }
        var stages: [Stage] = []
        var earlier: [RecipeReader.EarlierStage] = []
        var found: [(name: String, problems: [RecipeError.Problem])] = []
        for (name, node) in overlays {
            let merged = RecipeNode(content: .section(RecipeNode.overlaid(common, with: node.entries)), location: node.location)
            var reader = RecipeReader(catalog: catalog, earlierStages: earlier)
            let recipe = Recipe.read(merged, &reader)
            found.append((name, reader.problems))
            if let recipe {
                stages.append(Stage(name: name, document: RecipeDocument(recipe: recipe, file: file, locations: reader.locations)))
            }
            earlier.append(.init(name: name, model: recipe?.student.model))
        }
        let all = merged(found) + unreadable + idle(overrides, overlays.map(\.node))
        guard all.isEmpty else { throw RecipeError(file: file, problems: all) }
        return StagedRecipe(stages: stages, file: file)
    }

    /// Reads a recipe of stages from a file.
    /// - Returns: nil when the recipe has no stages.
    /// - Throws: ``RecipeError``, or `UserError` when the file cannot be read.
    public static func load(_ path: String, overrides: [String] = [], catalog: RecipeCatalog) throws -> StagedRecipe? {
        try parse(Recipe.text(of: path), file: path, overrides: overrides, catalog: catalog)
    }

    /// The list's entries by their names.
    private static func read(_ entry: RecipeNode.Entry) -> (stages: [(name: String, node: RecipeNode)], problems: [RecipeError.Problem]) {
        guard case .list(let items) = entry.value.content, !items.isEmpty else {
            let message = "expected a list of stages, each with a name, found \(entry.value.found)"
            return ([], [.init(location: entry.value.location, path: key, message: message)])
        }
        var stages: [(name: String, node: RecipeNode)] = []
        var problems: [RecipeError.Problem] = []
        for (index, item) in items.enumerated() {
            func report(_ location: Location, _ message: String) {
                problems.append(.init(location: location, path: "\(key).\(index)", message: message))
            }
            guard case .section(let entries) = item.content, let name = item.entry("name") else {
                report(item.location, "the key 'name' is required: it names the stage's run folder")
                continue
            }
            guard let text = name.value.text, text.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }), !text.hasPrefix(".")
            else {
                report(name.value.location, "expected a name of letters, digits, '-' and '_', found \(name.value.found)")
                continue
            }
            if stages.contains(where: { $0.name == text }) { report(name.value.location, "there are two stages named '\(text)'") }
            stages.append((text, RecipeNode(content: .section(entries.filter { $0.key != "name" }), location: item.location)))
        }
        return (stages, problems)
    }

    /// What is wrong in all stages is said once, all else with its stage's name.
    private static func merged(_ found: [(name: String, problems: [RecipeError.Problem])]) -> [RecipeError.Problem] {
        let shared = found.first?.problems.filter { problem in found.allSatisfy { $0.problems.contains(problem) } } ?? []
        return shared
            + found.flatMap { name, problems in
                problems.filter { !shared.contains($0) }.map { problem in
                    let path = problem.path.isEmpty ? "\(key).\(name)" : "\(key).\(name).\(problem.path)"
                    return RecipeError.Problem(location: problem.location, path: path, message: problem.message)
                }
            }
    }

    /// Overrides of common keys that every stage sets itself.
    private static func idle(_ overrides: [String], _ stages: [RecipeNode]) -> [RecipeError.Problem] {
        overrides.compactMap { override in
            let path = override.prefix { $0 != "=" }.split(separator: ".").map(String.init)
            guard path.first != key, stages.allSatisfy({ $0.sets(path) }) else { return nil }
            return .init(
                location: .commandLine(override), path: path.joined(separator: "."),
                message: "has no effect: every stage sets it; write \(key).NAME.\(override)")
        }
    }
}

extension RecipeNode {
    /// The entries of a section; none of anything else.
    var entries: [Entry] { if case .section(let entries) = content { entries } else { [] } }

    func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }

    /// Whether what stands at `path`, or around it, is given here as a whole.
    fileprivate func sets(_ path: [String]) -> Bool {
        guard let first = path.first, let found = entry(first) else { return false }
        guard path.count > 1, case .section = found.value.content else { return true }
        return found.value.sets(Array(path.dropFirst()))
    }

    /// Entries with others laid over them: sections key by key, everything else whole; an empty value takes its key out.
    static func overlaid(_ base: [Entry], with overlay: [Entry]) -> [Entry] {
        var result = base
        for entry in overlay {
            let index = result.firstIndex { $0.key == entry.key }
            if entry.value.isNull {
                if let index { result.remove(at: index) }
            } else if let index, case .section(let below) = result[index].value.content, case .section(let above) = entry.value.content {
                let value = RecipeNode(content: .section(overlaid(below, with: above)), location: entry.value.location)
                result[index] = Entry(key: entry.key, keyLocation: entry.keyLocation, value: value)
            } else if let index {
                result[index] = entry
            } else {
                result.append(entry)
            }
        }
        return result
    }
}
