extension MethodRecipe {
    /// A method with settings from the command line, as `key=value`.
    /// - Throws: ``RecipeError`` with everything that is wrong with them.
    public static func parse(_ schema: MethodSchema, settings: [String]) throws -> MethodRecipe {
        let start = Location.file(line: 1, column: 1)
        let name = RecipeNode(content: .scalar(schema.name, quoted: true), location: start)
        var node = RecipeNode(content: .section([.init(key: "method", keyLocation: start, value: name)]), location: start)
        var reader = RecipeReader(catalog: RecipeCatalog(models: [], methods: [schema]))
        do {
            for setting in settings { try node.apply(override: setting) }
        } catch let error as UnreadableRecipe {
            throw RecipeError(file: schema.name, problems: [.init(location: error.location, path: "", message: error.message)])
        }
        let method = MethodRecipe.read(node, &reader)
        guard let method, reader.problems.isEmpty else { throw RecipeError(file: schema.name, problems: reader.problems) }
        return method
    }
}
