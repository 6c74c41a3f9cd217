import ArgumentParser
import Recipes
import Support

/// `config show|check`: recipes, without running them.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows a recipe with its defaults filled in, or checks it.",
        subcommands: [Show.self, Check.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the whole recipe: every key with its value, its meaning and the source of its default.",
            discussion: """
                What is printed is a recipe itself.

                Examples:
                  segdistill config show Recipes/camvid/cwd.yaml
                  segdistill config show Recipes/camvid/cwd.yaml seed=3 schedule.epochs=10 > mine.yaml
                """)

        @OptionGroup var arguments: RecipeArguments

        func run() throws {
            print(try arguments.load(checkingPaths: false).recipe.resolvedYAML, terminator: "")
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whether a recipe can be run: its keys, values and combinations, and the files that it names.",
            discussion: """
                Exit code 0 when it can, 65 when it cannot. Images and labels are read by: segdistill data check RECIPE

                Example:
                  segdistill config check Recipes/camvid/cwd.yaml student.model=espnetv2-s1.0
                """)

        @OptionGroup var arguments: RecipeArguments

        func run() throws {
            let recipe = try arguments.load(checkingPaths: true).recipe
            let methods = recipe.distillation.map(\.name).joined(separator: " + ")
            let teacher = recipe.teacher.map { ", taught by \($0.model) with \(methods)" } ?? ""
            print("\(arguments.recipe) is in order: \(recipe.student.model)\(teacher), on \(recipe.data.dataset.name)")
        }
    }
}
