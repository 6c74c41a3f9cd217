import ArgumentParser
import Support

/// `distill`: a student learns from a teacher by the recipe's methods.
struct DistillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Trains a student that learns from a teacher, by the methods of the recipe.",
        discussion: """
            Writes a run folder as train does; the student's checkpoints hold neither the teacher nor the projectors. \
            Before the first step the teacher is scored on validation images, and the losses' shares of the gradient, memory and \
            time are measured; --plan does no more than that. Ctrl-C saves everything and ends with exit code 75; the same command with --resume goes on.

            A recipe of stages trains them one after the other, each into a folder of its own; --resume goes on after what is finished.

            Examples:
              segdistill distill --plan Recipes/camvid/cwd.yaml
              segdistill distill Recipes/camvid/cwd.yaml
              segdistill distill Recipes/camvid/cwd.yaml seed=2 distillation.cwd.weight=1
              segdistill distill Recipes/camvid/kd.yaml teacher.checkpoint=runs/big --out runs/mine
              segdistill distill stages.yaml --stage head --resume
              segdistill distill stages.yaml --skip general stages.source.student.encoder=runs/other
            """)

    @OptionGroup var recipe: RecipeArguments
    @OptionGroup var destination: RunArguments
    @OptionGroup var choice: StageArguments

    func run() throws {
        if let stages = try recipe.loadStages() { return try choice.run(stages, destination) }
        try choice.refuse(recipe.recipe)
        let document = try recipe.load(checkingPaths: true)
        guard !document.recipe.methodNames.isEmpty else {
            throw UserError(
                "\(recipe.recipe) names no distillation method and no pseudo-labels",
                hint: "Add a 'teacher' and 'distillation', or use: segdistill train \(recipe.recipe)", exitCode: .usage)
        }
        try destination.run(document.recipe)
    }
}
