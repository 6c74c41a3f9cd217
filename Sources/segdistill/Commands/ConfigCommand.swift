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
                  segdistill config show stages.yaml --stage head
                """)

        @OptionGroup var arguments: RecipeArguments

        @Option(help: "Of a recipe of stages, this one alone, as a recipe of its own.")
        var stage: String?

        func run() throws {
            if let recipe = try arguments.loadStages() {
                guard let stage else { return print(recipe.resolvedYAML, terminator: "") }
                guard let found = recipe.stages.first(where: { $0.name == stage }) else {
                    throw UserError(
                        "\(recipe.file) has no stage '\(stage)'", hint: "Its stages: \(recipe.names.joined(separator: ", ")).",
                        exitCode: .usage)
                }
                return print(found.recipe.resolvedYAML, terminator: "")
            }
            guard stage == nil else { throw UserError("\(arguments.recipe) has no stages", hint: "Leave --stage out.", exitCode: .usage) }
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
            if let recipe = try arguments.loadStages() {
                for stage in recipe.stages { try stage.document.checkPaths() }
                print("\(arguments.recipe) is in order: \(recipe.stages.count) stages")
                for stage in recipe.stages { print("  \(stage.name): \(stage.recipe.summary)") }
                return
            }
            print("\(arguments.recipe) is in order: \(try arguments.load(checkingPaths: true).recipe.summary)")
        }
    }
}

extension Recipe {
    /// The recipe in a line.
    var summary: String {
        let methods = methodNames.joined(separator: " + ")
        let teacher = teacher.map { ", taught by \($0.model) with \(methods)" } ?? (methods.isEmpty ? "" : ", with \(methods)")
        let labels = loss.task == .none ? ", without labels" : ""
        return "\(student.model)\(teacher), on \(data.dataset.name)\(labels)"
    }
}
