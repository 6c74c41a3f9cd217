import ArgumentParser
import Foundation
import Recipes
import Runs
import Support
import Torch
import Train

/// Which stages of a recipe are trained.
struct StageArguments: ParsableArguments {
    @Option(help: "Of a recipe of stages, train this one alone.")
    var stage: String?

    @Option(help: "Of a recipe of stages, leave this one out; may be repeated. What builds on it needs another run or file.")
    var skip: [String] = []

    func validate() throws {
        if stage != nil && !skip.isEmpty { throw ValidationError("--stage and --skip exclude each other") }
    }

    /// For a recipe without stages.
    func refuse(_ recipe: String) throws {
        guard stage != nil || !skip.isEmpty else { return }
        throw UserError("\(recipe) has no stages", hint: "Leave --stage and --skip out.", exitCode: .usage)
    }

    /// Trains the stages, or looks at them first.
    func run(_ recipe: StagedRecipe, _ destination: RunArguments) throws {
        guard destination.replay == nil else {
            throw UserError(
                "--replay runs a step of one stage", hint: "Give the stage's own recipe.yaml, which lies in its run folder.",
                exitCode: .usage)
        }
        let folder = destination.folder ?? recipe.defaultRunFolder
        let existing: RunFolder.Existing = destination.resume || destination.plan ? .resume : destination.overwrite ? .overwrite : .refuse
        let training = try StagedTraining(recipe, into: URL(fileURLWithPath: folder), only: stage, skipping: skip, existing: existing)
        for line in training.notes { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
        try LibTorch.load()
        try training.check()
        if destination.plan { return try showPlan(training) }
        let environment = { (setup: TrainingSetup) in
            RunEnvironment(
                segdistill: programVersion, libTorch: LibTorch.version, device: setup.device.description, threads: LibTorch.threads)
        }
        try training.run(environment: environment) { index in
            let step = training.steps[index]
            return TrainingDisplay("\(step.stage.name) \(step.stage.number)/\(step.stage.count)").observer
        }
        print("run folder: \(folder)")
    }

    /// The look before the first step of every stage whose beginnings are there.
    private func showPlan(_ training: StagedTraining) throws {
        for step in training.steps {
            print("\n\(step.stage): \(step.recipe.summary)")
            if step.isFinished {
                print("finished already: \(step.folder.path)")
            } else if let missing = training.missing(step) {
                print("can be looked at when the stage '\(missing)' is trained")
            } else {
                let display = TrainingDisplay(step.stage.name)
                let preflight = Preflight(try TrainingSetup(step.recipe, note: display.note))
                print("\n" + (try preflight.run(note: display.note).text))
            }
        }
    }
}
