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

    func validate() throws {
        if resume && overwrite { throw ValidationError("--resume and --overwrite exclude each other") }
    }

    /// Trains what the recipe says, under a progress bar.
    func train(_ recipe: Recipe) throws {
        let out = folder ?? recipe.defaultRunFolder
        let existing: RunFolder.Existing = resume ? .resume : overwrite ? .overwrite : .refuse
        try TrainingRun(recipe, folder: out, existing: existing).train()
        print("run folder: \(out)")
    }
}

/// One training with its progress on standard error.
struct TrainingRun {
    let recipe: Recipe
    let folder: String
    let existing: RunFolder.Existing

    init(_ recipe: Recipe, folder: String, existing: RunFolder.Existing) {
        self.recipe = recipe
        self.folder = folder
        self.existing = existing
    }

    /// - Parameter label: what the progress bar begins with.
    func train(label: String? = nil) throws {
        let display = TrainingDisplay(label ?? recipe.name)
        let setup = try TrainingSetup(recipe, note: display.note)
        let trainer = try Trainer(
            setup, into: URL(fileURLWithPath: folder), arm: recipe.name, role: recipe.role == .teacher ? .teacher : .student,
            existing: existing, environment: environment(setup.device), observer: display.observer)
        try trainer.train()
    }

    private func environment(_ device: Device) -> RunEnvironment {
        RunEnvironment(
            segdistill: programVersion, libTorch: LibTorch.version, device: device.description, threads: LibTorch.threads)
    }
}

/// Draws a progress bar from what a trainer tells.
private final class TrainingDisplay {
    private let label: String
    private var bar: ProgressBar?
    private var last: StepEvent?

    init(_ label: String) { self.label = label }

    func note(_ line: String) {
        if let bar { bar.note(line) } else { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
    }

    var observer: TrainingObserver {
        var observer = TrainingObserver()
        observer.note = note
        observer.stepped = stepped
        observer.logged = { self.last = $0 }
        observer.validated = validated
        observer.tested = { self.note("\(self.label): test mIoU \(percentage($0.meanIoU)) over \($0.images.count) images") }
        return observer
    }

    private func stepped(_ step: Int, _ steps: Int) {
        if bar == nil { bar = ProgressBar(label, total: steps, completed: step - 1) }
        let rate = last.map { "\(significant($0.imagesPerSecond)) images/s" }
        let losses = (last?.losses ?? [:]).sorted { ($0.key != "total" ? 1 : 0, $0.key) < ($1.key != "total" ? 1 : 0, $1.key) }
        var values = losses.count == 2 ? losses.prefix(1).map { ("loss", $0.value) } : losses.map { ($0.key, $0.value) }
        if let wait = last?.seconds["data"], let step = last?.seconds["step"], wait + step > 0 {
            values.append(("wait %", 100 * wait / (wait + step)))
        }
        if let last { values.append(("lr", last.learningRate)) }
        if step == steps {
            bar?.finish(step, rate: rate, values: values)
        } else {
            bar?.update(step, rate: rate, values: values)
        }
    }

    private func validated(_ event: EvaluationEvent) {
        note("\(label): step \(event.step), validation mIoU \(percentage(event.meanIoU))\(event.best ? ", the best so far" : "")")
    }
}
