import ArgumentParser
import Foundation
import Recipes
import Runs
import Support
import Torch
import Train

/// Where a run goes, and what happens when it is there already.
struct RunArguments: ParsableArguments {
    @Option(name: .customLong("out"), help: "The run folder; runs/DATASET/NAME-seedSEED unless given.", completion: .directory)
    var folder: String?

    @Flag(help: "Go on with the run in the folder, or start it when there is none.")
    var resume = false

    @Flag(help: "Replace the run in the folder.")
    var overwrite = false

    @Flag(help: "Only look: the teacher, the maps compared, the losses' shares of the gradient, memory and time. Writes nothing.")
    var plan = false

    @Option(
        help: ArgumentHelp(
            "Only run one step again, from the file that a run kept when its loss was no longer a number.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var replay: String?

    func validate() throws {
        if resume && overwrite { throw ValidationError("--resume and --overwrite exclude each other") }
        if plan && (resume || overwrite || replay != nil) || replay != nil && (resume || overwrite) {
            throw ValidationError("--plan, --replay and --resume or --overwrite exclude each other")
        }
    }

    /// Does what the options ask for: train, or look first.
    func run(_ recipe: Recipe) throws {
        if let replay {
            let kept = try Replay(at: URL(fileURLWithPath: replay))
            print(try kept.run(TrainingSetup(recipe, checkingData: false)).text)
        } else if plan {
            try showPlan(recipe)
        } else {
            try train(recipe)
        }
    }

    private func showPlan(_ recipe: Recipe) throws {
        let display = TrainingDisplay(recipe.name)
        let setup = try TrainingSetup(recipe, note: display.note)
        var preflight = Preflight(setup)
        let folder = URL(fileURLWithPath: folder ?? recipe.defaultRunFolder)
        // Where no such run can be read, there is only nothing to use again.
        preflight.known = try? RunFolder.open(folder).readPreflight()?.teacher?.score
        print("\n" + (try preflight.run(note: display.note).text))
        for line in try setup.cachePlan() { print(line) }
    }

    /// Trains what the recipe says, under a progress bar.
    private func train(_ recipe: Recipe) throws {
        let out = folder ?? recipe.defaultRunFolder
        let existing: RunFolder.Existing = resume ? .resume : overwrite ? .overwrite : .refuse
        try TrainingRun(recipe, folder: out, existing: existing).train(TrainingDisplay(recipe.name))
        print("run folder: \(out)")
    }
}

/// One training into one folder.
struct TrainingRun {
    let recipe: Recipe
    let folder: String
    let existing: RunFolder.Existing

    init(_ recipe: Recipe, folder: String, existing: RunFolder.Existing) {
        self.recipe = recipe
        self.folder = folder
        self.existing = existing
    }

    func train(_ display: TrainingDisplay) throws {
        let setup = try TrainingSetup(recipe, note: display.note)
        let environment = RunEnvironment(
            segdistill: programVersion, libTorch: LibTorch.version, device: setup.device.description, threads: LibTorch.threads)
        let trainer = try Trainer(
            setup, into: URL(fileURLWithPath: folder), arm: recipe.name, role: recipe.role == .teacher ? .teacher : .student,
            existing: existing, environment: environment, observer: display.observer)
        try trainer.train()
    }
}
