import ArgumentParser
import Support

/// `train`: supervised training of a teacher or a plain student.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains one network on labelled images: a teacher, or a plain student to compare with.",
        discussion: """
            Writes a run folder with the resolved recipe, events, checkpoints and scores. Ctrl-C saves everything and \
            ends with exit code 75; the same command with --resume goes on, bit for bit on the CPU.

            Examples:
              segdistill train Recipes/camvid/teacher.yaml
              segdistill train Recipes/camvid/plain.yaml seed=1 schedule.epochs=10
              segdistill train Recipes/camvid/plain.yaml seed=1 --resume
            """)

    @OptionGroup var recipe: RecipeArguments
    @OptionGroup var destination: RunArguments

    func run() throws {
        let document = try recipe.load(checkingPaths: true)
        guard document.recipe.distillation.isEmpty else {
            throw UserError(
                "\(recipe.recipe) distils, which train does not", hint: "Use: segdistill distill \(recipe.recipe)", exitCode: .usage)
        }
        try destination.run(document.recipe)
    }
}
