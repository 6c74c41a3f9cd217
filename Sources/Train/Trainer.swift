import Foundation
import Recipes
import Runs
import SegData
import SegEval
import SegModels
import Support
import Torch
import TorchNN
import TorchOptim

/// Trains one student, supervised or distilled, from a recipe into a run folder.
///
/// Random numbers come from sources that do not disturb each other: the student's initial weights, dropout, the loader's
/// order and augmentation (all from the recipe's seed), and the methods' projectors. A plain and a distilled run of one seed
/// therefore start from the same student and see the same batches.
public final class Trainer {
    let setup: TrainingSetup
    let run: RunFolder
    let store: CheckpointStore
    let observer: TrainingObserver
    var position: TrainingPosition
    private let events: EventLog
    /// The steps that are not known to be good yet.
    var recent: [StepRecord] = []

    var recipe: Recipe { setup.recipe }

    /// Makes or takes up the run folder.
    ///
    /// - Parameters:
    ///   - arm: what the run is called in tables; by default its methods, or `plain`.
    ///   - stage: which of the stages of a recipe that has several.
    ///   - existing: what to do when the folder holds a run already.
    /// - Throws: `UserError` when the folder cannot be used, or its checkpoint does not fit the recipe.
    public init(
        _ setup: TrainingSetup, into folder: URL, arm: String? = nil, role: RunInfo.Role? = nil, stage: RunInfo.Stage? = nil,
        existing: RunFolder.Existing = .refuse, environment: RunEnvironment? = nil, observer: TrainingObserver = .silent
    ) throws {
        self.setup = setup
        self.observer = observer
        let info = setup.runInfo(arm: arm, role: role, stage: stage)
        run = try RunFolder.create(at: folder, info: info, recipe: setup.recipe.resolvedYAML, existing: existing)
        store = CheckpointStore(run)
        position = .start
        if existing == .resume, let saved = try store.readLast() {
            try setup.restore(saved.model, saved.training, from: run.checkpoints.path + "/last")
            position = saved.position
            observer.note("resuming after step \(position.step) of \(setup.steps)")
        }
        events = try EventLog(run, resumingAt: position.step)
        if let environment { try run.writeEnvironment(environment) }
        if !setup.putAside.isEmpty {
            let lines = setup.putAside.map { $0.message + "\n" }.joined()
            try AtomicFile.write(Data(lines.utf8), to: run.putAsideFile)
        }
        try run.updateInfo { $0.status = .running }
    }

    /// Trains to the end, with validations and checkpoints on the way, then scores the best checkpoint on the test split.
    ///
    /// - Throws: ``Interrupted`` after Ctrl-C, with everything saved; `TorchError` (out of memory, say); `UserError` when
    ///   training diverges, a sample cannot be read or the disk is full. The last checkpoint stays intact.
    public func train() throws {
        try Interruption.observed { try writePseudoLabels() }
        if position.step == 0 && recipe.preflight.enabled { try preflight() }
        try Interruption.observed {
            try fillCache()
            try withTorchErrors { try loop() }
        }
        if let frozen = setup.frozen { try withTorchErrors { try frozen.checkUnchanged(in: run.url.path) } }
        let record = recipe.loss.task == .instances ? run.objectMetricsFile(named: "test") : run.metricsFile(named: "test")
        if recipe.loss.task != .none, !FileManager.default.fileExists(atPath: record.path) { try test() }
        try run.updateInfo {
            $0.status = .finished
            $0.finished = .now
        }
        observer.finished()
    }

    /// Looks before the first step; an earlier look at the same teacher is not repeated.
    private func preflight() throws {
        var preflight = Preflight(setup)
        preflight.statistics = run.classStatisticsFile
        preflight.known = try run.readPreflight()?.teacher?.score
        let record = try preflight.run(note: observer.note)
        try run.write(record)
        for line in record.summary { observer.note(line) }
    }

    /// Has the teacher fill its cache, where the recipe has one, and trains from it.
    private func fillCache() throws {
        if try !setup.useCache(observer) { throw try interrupted() }
    }

    /// Has the teacher of the unlabelled images, where the recipe has one, find their objects.
    private func writePseudoLabels() throws {
        if try !setup.usePseudoLabels(run, isBegun: position.step > 0, observer) { throw try interrupted() }
    }

    private func interrupted() throws -> Interrupted {
        try run.updateInfo { $0.status = .interrupted }
        return Interrupted(run: run.url, step: position.step)
    }

    private func loop() throws {
        let step = setup.step
        let accumulate = recipe.optimizer.accumulate
        let loader = try StepLoader(setup, statistics: run.classStatisticsFile, from: position)
        var timer = StepTimer()
        step.restart(after: position.step)
        while position.step < setup.steps {
            let number = position.step + 1
            recent.append(StepRecord(step: number, loader: position.loader, unlabelled: position.unlabelled, random: setup.randomState))
            var batches: [StepBatch] = []
            for _ in 0..<accumulate { batches.append(try loader.next()) }
            let isLogged = number % recipe.log.every == 0 || number == setup.steps
            let share = recipe.log.gradientShare
            // A scope of its own: an operator that fails stops here, before anything is logged or saved.
            let outcome = try withTorchErrors { step(batches, step: position.step, wantsShares: share > 0 && number % share == 0) }
            position.step = number
            (position.loader, position.unlabelled) = loader.position
            timer.add(outcome, images: batches.reduce(0) { $0 + $1.count }, waited: batches.reduce(0) { $0 + $1.secondsWaited })
            let epoch = Double(number * accumulate) / Double(loader.batchesPerEpoch)
            let isInterrupted = Interruption.isRequested
            let isPause = isInterrupted || isValidated(after: number) || number % recipe.checkpoint.every == 0
            // The CPU is never waited for; elsewhere the host looks when it has to wait anyway.
            if isLogged || isPause || setup.device == .cpu { try stopWhereBroken(outcome, timer) }
            if isLogged {
                let event = timer.finish(
                    step: number, epoch: epoch, learningRate: step.schedule.rate(at: number - 1), device: setup.device)
                try events.append(.step(event))
                observer.logged(event)
            }
            observer.stepped(number, of: setup.steps)
            if isPause { try timer.pausing { try pause(after: number, epoch: epoch, isInterrupted) } }
        }
    }

    private func isValidated(after step: Int) -> Bool { step % recipe.evaluation.every == 0 || step == setup.steps }

    /// What happens between steps: validation, checkpoint, an interruption.
    private func pause(after step: Int, epoch: Double, _ isInterrupted: Bool) throws {
        if isValidated(after: step) { try validate(epoch) }
        try save()
        guard isInterrupted, step < setup.steps else { return }
        throw try interrupted()
    }

    private func validate(_ epoch: Double) throws {
        let start = StepTimer.now()
        var event = EvaluationEvent(step: position.step, epoch: epoch, split: "val", best: false, seconds: 0)
        try setup.withDeployedWeights {
            if recipe.loss.task == .instances, let student = setup.student.segmenter {
                let found = try InstanceEvaluation.run(student, on: setup.validationSet, recipe.evaluation, progress: observer.evaluated)
                (event.averagePrecision, event.averagePrecision50) = try found.averagePrecisions()
                guard event.averagePrecision != nil else {
                    throw UserError(
                        "the validation images have no object, by which the best checkpoint could be chosen",
                        hint: "Choose another data.validation, or a larger evaluation.limit.")
                }
            } else if recipe.loss.task != .none, let student = setup.student.segmenter {
                let result = try ModelEvaluation.run(student, on: setup.validationSet, recipe.evaluation, progress: observer.evaluated)
                (event.meanIoU, event.pixelAccuracy) = (result.evaluation.scores.meanIoU, result.evaluation.scores.pixelAccuracy)
            } else {
                event.loss = try DistillationEvaluation(setup: setup).loss(progress: observer.evaluated)
            }
        }
        event.best = event.score > position.bestScore ?? -.infinity
        if event.best {
            position.bestScore = event.score
            position.bestStep = position.step
            try store.writeBest(model: setup.deployedState, info: setup.info(step: position.step))
        }
        event.seconds = StepTimer.now() - start
        try events.append(.evaluation(event))
        observer.validated(event)
    }

    private func save() throws {
        try events.synchronize()
        try store.writeLast(
            position, model: setup.deployedState, info: setup.info(step: position.step), training: setup.trainingState)
    }

    /// Scores the best checkpoint on the test split: `metrics/test.json` and pictures; of objects `metrics/test-objects.json` and
    /// `predictions/test.json`.
    private func test() throws {
        let saved = try SavedModel(at: run.url.path)
        let network = Segmenter(
            try saved.load(), device: setup.device, precision: recipe.student.precision, channelsLast: recipe.channelsLast)
        network.storeForInference()
        let tester = Tester(network, saved.info, recipe)
        if recipe.loss.task == .instances {
            observer.testedObjects(try tester.scoreObjects(run, purpose: .test, progress: observer.evaluated))
        } else {
            observer.tested(try tester.score(run, purpose: .test, progress: observer.evaluated))
        }
    }
}
