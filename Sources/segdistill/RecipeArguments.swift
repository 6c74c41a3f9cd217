import ArgumentParser
import Recipes
import Support
import Train

/// A recipe and what the command line changes in it.
struct RecipeArguments: ParsableArguments {
    @Argument(
        help: "A recipe, such as Recipes/camvid/cwd.yaml, or one of the demo's: demo/teacher, demo/plain, demo/distilled.",
        completion: .file(extensions: ["yaml", "yml"]))
    var recipe: String

    @Argument(
        help: ArgumentHelp(
            "Changes to the recipe, such as seed=1 optimizer.learningRate=0.01 distillation.cwd.weight=3.",
            discussion: "An empty value goes back to the default: optimizer.clip=", valueName: "key=value"))
    var overrides: [String] = []

    func validate() throws {
        for override in overrides where !override.dropFirst().contains("=") {
            throw ValidationError("expected key=value after the recipe, found '\(override)'")
        }
    }

    /// The recipe's stages; nil where it has none.
    func loadStages() throws -> StagedRecipe? {
        try DemoRecipe(name: recipe) == nil ? StagedRecipe.load(recipe, overrides: overrides, catalog: .standard) : nil
    }

    /// Reads the recipe and refuses whatever is wrong with it.
    /// - Parameter checkingPaths: also refuse files and folders that are not there.
    func load(checkingPaths: Bool) throws -> RecipeDocument {
        let document =
            try DemoRecipe(name: recipe)?.load(overrides) ?? Recipe.load(recipe, overrides: overrides, catalog: .standard)
        if checkingPaths { try document.checkPaths() }
        return document
    }
}

/// The command line's `@Argument`; `Torch` has an `Argument` of its own, that of an operator.
typealias Argument = ArgumentParser.Argument
