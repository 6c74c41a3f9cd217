import Foundation
import Recipes
import Runs
import SegData
import SegModels
import Support
import Torch
import TorchNN

/// The stages of a recipe, trained one after the other, each into a folder of its own inside the run's.
///
/// A stage's run is a run like any other: it is interrupted and resumed in the same way, and what is finished is not trained again.
public struct StagedTraining {
    /// A stage that is to be trained, or was.
    public struct Step {
        public let stage: RunInfo.Stage
        /// With run folders in place of the stages' names.
        public let recipe: Recipe
        public let folder: URL
        public let isFinished: Bool
    }

    public let steps: [Step]
    /// What is left out, a line each.
    public let notes: [String]
    private let recipe: StagedRecipe
    private let existing: RunFolder.Existing

    /// - Parameters:
    ///   - only: the one stage to train; nil trains all.
    ///   - skipped: stages to leave out.
    ///   - existing: what happens to a stage that is there already.
    /// - Throws: `UserError` when there is no such stage, when one needs another that is neither trained now nor finished, or when a
    ///   finished one is not what the recipe says.
    public init(
        _ recipe: StagedRecipe, into folder: URL, only: String? = nil, skipping skipped: [String] = [],
        existing: RunFolder.Existing = .refuse
    ) throws {
        for name in skipped + [only].compactMap(\.self) where !recipe.names.contains(name) {
            let nearest = nearestName(to: name, in: recipe.names).map { "Did you mean '\($0)'? " } ?? ""
            throw UserError(
                "\(recipe.file) has no stage '\(name)'", hint: "\(nearest)Its stages: \(recipe.names.joined(separator: ", ")).",
                exitCode: .usage)
        }
        self.recipe = recipe
        self.existing = existing
        let folders = StageFolders(recipe, in: folder)
        let wanted = recipe.stages.filter { $0.name == only ?? $0.name && !skipped.contains($0.name) }
        var steps: [Step] = []
        for stage in wanted {
            try folders.check(stage, after: steps.map(\.stage.name))
            let unfinished = steps.filter { !$0.isFinished }.map(\.stage.name)
            let finished = try existing == .resume && folders.finished(stage, trainedNow: unfinished)
            steps.append(
                Step(
                    stage: folders.info(stage), recipe: stage.recipe.resolvingStages { folders[$0].relativePath },
                    folder: folders[stage.name], isFinished: finished))
        }
        self.steps = steps
        notes = recipe.stages.filter { skipped.contains($0.name) }.map { "stage '\($0.name)' is left out: \($0.recipe.givenUp)" }
        if existing == .refuse { try folders.refuseExisting(steps.map(\.stage.name)) }
    }

    /// Refuses, before anything is trained, what a later stage would stop at: files that are not there, data that cannot be opened, an
    /// encoder that does not fit, targets that have images of the source.
    /// - Throws: `RecipeError`, `UserError`.
    public func check() throws {
        for stage in recipe.stages where steps.contains(where: { $0.stage.name == stage.name && !$0.isFinished }) {
            try stage.document.checkPaths()
            let data = stage.recipe.data
            let isLabelled = stage.recipe.loss.task != .none
            func open(_ purpose: DataRecipe.Purpose) throws -> any Dataset {
                try data.dataset(splits: data.splits(purpose), leavingOutUnpaired: data.badSamples == .skip)
            }
            let (training, validation) = (try open(.train), try open(.validation))
            let test = isLabelled ? [("test", try open(.test))] : []
            var sources: [(purpose: String, dataset: any Dataset)] = [("training", training), ("validation", validation)]
            if data.unlabelled != nil {
                let images = try data.unlabelledImages()
                try data.checkUnlabelled(images, apartFrom: sources + test) { _ in }
                sources.append(("unlabelled", images))
            }
            for target in try data.targetDomains(classes: isLabelled ? training.classes : nil) {
                try target.checkApart(from: sources)
            }
            for (key, name) in stage.recipe.stageReferences where key == "student.encoder" {
                guard let other = recipe.stages.first(where: { $0.name == name }) else { continue }
                try withTorchErrors {
                    _ = try stage.recipe.emptyStudent().loadEncoder(of: other.recipe.emptyStudent(), from: "the stage '\(name)'")
                }
            }
        }
    }

    /// The stage that a step builds on and that is not trained yet; nil where all is there.
    public func missing(_ step: Step) -> String? {
        let unfinished = Set(steps.filter { !$0.isFinished }.map(\.stage.name))
        let own = recipe.stages.first { $0.name == step.stage.name }
        return own?.recipe.stageReferences.map(\.stage).first(where: unfinished.contains)
    }

    /// Trains what is not finished.
    /// - Parameters:
    ///   - environment: what is written down of the machine.
    ///   - observer: who is told of a step's training, by its place among ``steps``.
    /// - Throws: what training throws, ``Interrupted`` among it: the stages before it stay, and the same call with `.resume` goes on.
    public func run(
        environment: ((TrainingSetup) -> RunEnvironment)? = nil, observer: (Int) -> TrainingObserver = { _ in .silent }
    ) throws {
        for (index, step) in steps.enumerated() {
            let observer = observer(index)
            guard !step.isFinished else {
                observer.note("\(step.stage): finished already")
                continue
            }
            observer.note("\(step.stage)")
            let setup = try TrainingSetup(step.recipe, note: observer.note)
            try Trainer(
                setup, into: step.folder, arm: step.recipe.name, role: step.recipe.role == .teacher ? .teacher : .student,
                stage: step.stage, existing: existing, environment: environment?(setup), observer: observer
            ).train()
        }
    }
}

extension Recipe {
    /// What leaving out the stage gives up, in words.
    fileprivate var givenUp: String {
        let length = schedule.steps.map { "\($0) steps" } ?? "\(schedule.epochs.map { "\($0)" } ?? "") epochs"
        let methods = methodNames.joined(separator: " + ")
        return "\(length) of \(methods.isEmpty ? "training" : methods) on \(data.dataset.name)"
    }

    /// The student's shapes, without values, to see what fits.
    fileprivate func emptyStudent() throws -> VisionModel {
        try withoutInitialization {
            let name = student.model
            if Models.isBackbone(name) { return try Models.backbone(name, patchSize: student.patchSize) }
            let classes = data.classCount ?? 2
            if student.isFolder { return try ModelFolder(URL(fileURLWithPath: name)).description.segmenter(classes: classes, source: name) }
            return try Models.make(name, classes: classes, options: student.options)
        }
    }
}
