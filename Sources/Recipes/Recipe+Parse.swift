import Foundation
import Support

/// A recipe together with where each of its keys was written.
public struct RecipeDocument: Sendable, Equatable {
    public let recipe: Recipe
    /// The file's name as messages show it.
    public let file: String
    let locations: [String: Location]
}

extension Recipe {
    /// Reads a recipe from text.
    ///
    /// - Parameters:
    ///   - yaml: the recipe.
    ///   - file: the name that messages begin with.
    ///   - overrides: `key.path=value` from the command line; an empty value goes back to the default.
    ///   - catalog: the models and methods that may be named.
    /// - Throws: ``RecipeError`` with everything that is wrong.
    public static func parse(
        _ yaml: String, file: String = "recipe", overrides: [String] = [], catalog: RecipeCatalog
    ) throws -> RecipeDocument {
        let (root, unreadable) = try RecipeNode.root(yaml, file: file, overrides: overrides)
        if let stages = root.entry(StagedRecipe.key) {
            let message =
                "stages are trained by 'segdistill distill'; everything else takes one of them: "
                + "segdistill config show \(file) --stage NAME > stage.yaml"
            throw RecipeError(file: file, problems: [.init(location: stages.keyLocation, path: StagedRecipe.key, message: message)])
        }
        var reader = RecipeReader(catalog: catalog)
        let recipe = Recipe.read(root, &reader)
        let problems = reader.problems + unreadable
        guard let recipe, problems.isEmpty else { throw RecipeError(file: file, problems: problems) }
        return RecipeDocument(recipe: recipe, file: file, locations: reader.locations)
    }

    /// Reads a recipe from a file.
    /// - Throws: ``RecipeError``, or `UserError` when the file cannot be read.
    public static func load(
        _ path: String, overrides: [String] = [], catalog: RecipeCatalog
    ) throws -> RecipeDocument {
        try parse(text(of: path), file: path, overrides: overrides, catalog: catalog)
    }

    /// - Throws: `UserError` when the file cannot be read.
    static func text(of path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            let found = !exists ? "there is no such file" : isFolder.boolValue ? "it is a folder" : "it cannot be read"
            throw UserError(
                "cannot read the recipe \(path): \(found)",
                hint: "Recipes to start from are in Recipes/; paths are relative to the current folder, "
                    + "\(FileManager.default.currentDirectoryPath).")
        }
        guard let yaml = String(data: data, encoding: .utf8) else {
            throw UserError("cannot read the recipe \(path): it is not text in UTF-8")
        }
        return yaml
    }

    /// The whole recipe with its defaults filled in, each key under a comment that explains it.
    /// Parsing it again gives an equal recipe.
    public var resolvedYAML: String {
        var writer = RecipeWriter()
        writer.write(self)
        return writer.lines.joined(separator: "\n") + "\n"
    }
}

extension RecipeNode {
    /// The recipe as it is written, changed by the command line, and the overrides that cannot be.
    /// - Throws: ``RecipeError`` when the text is not YAML.
    static func root(_ yaml: String, file: String, overrides: [String]) throws -> (RecipeNode, unreadable: [RecipeError.Problem]) {
        do {
            var root = try RecipeNode(yaml: yaml)
            var unreadable: [RecipeError.Problem] = []
            for override in overrides {
                do { try root.apply(override: override) } catch let error as UnreadableRecipe { unreadable.append(error.problem) }
            }
            return (root, unreadable)
        } catch let error as UnreadableRecipe {
            throw RecipeError(file: file, problems: [error.problem])
        }
    }
}

extension UnreadableRecipe {
    fileprivate var problem: RecipeError.Problem { .init(location: location, path: "", message: message) }
}
