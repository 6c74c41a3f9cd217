import Foundation
import Recipes
import Runs
import SegModels
import Support
import Testing
import Torch
import Train

/// Three stages from one recipe: a backbone learns from another twice, then carries a head.
@Suite(.serialized) struct StagedTrainingTests {
    private func recipe(_ scratch: Scratch, overrides: [String] = []) throws -> StagedRecipe {
        let teacher = scratch["teacher.safetensors"]
        if !FileManager.default.fileExists(atPath: teacher.path) {
            TorchRandom.seed(3)
            try Tensor.save(Models.backbone("resnet18").stateDict(), to: teacher)
        }
        let text = """
            name: three
            seed: 1
            \(tinyBase)
            optimizer: {kind: adamw, learningRate: 0.001}
            schedule: {steps: 4}
            evaluation: {every: 2, batchSize: 2}
            stages:
              - name: general
                data: {domain: fog}
                student: {model: mit-b0, precision: float32}
                teacher: {model: resnet18, weights: \(teacher.path), precision: float32}
                distillation: [{method: fitnet, taps: {teacher: stage4, student: stage4}}]
                loss: {task: none}
              - name: source
                student: {model: mit-b0, encoder: "stage:general", precision: float32}
                teacher: {model: resnet18, weights: \(teacher.path), precision: float32}
                distillation: [{method: cwd, taps: {teacher: stage4, student: stage4}}]
                loss: {task: none}
              - name: head
                student: {model: segformer-mit-b0, encoder: "stage:source", freeze: encoder, precision: float32}
            """
        return try #require(try StagedRecipe.parse(text, overrides: overrides, catalog: .standard))
    }

    private func train(
        _ recipe: StagedRecipe, into folder: URL, only: String? = nil, skipping: [String] = [], existing: RunFolder.Existing = .refuse,
        observer: @escaping (Int) -> TrainingObserver = { _ in .silent }
    ) throws {
        let training = try StagedTraining(recipe, into: folder, only: only, skipping: skipping, existing: existing)
        try training.check()
        try training.run(observer: observer)
    }

    /// Stops in a stage after one of its steps, as Ctrl-C does.
    private func trainAndInterrupt(_ recipe: StagedRecipe, into folder: URL, stage: Int, after step: Int) throws {
        try train(recipe, into: folder) { index in
            var observer = TrainingObserver()
            observer.stepped = { done, _ in if index == stage && done == step { Interruption.request() } }
            return observer
        }
    }

    private func backbone(_ run: URL) throws -> [String: [UInt8]] {
        let model = try SavedModel(at: run.path).network()
        let part = try model.encoder()
        return Dictionary(uniqueKeysWithValues: part.module.stateDict().map { ($0.0, $0.1.withUnsafeBytes { Array($0) }) })
    }

    @Test func eachStageBuildsOnTheOneBefore() throws {
        let scratch = try Scratch()
        let out = scratch["out"]
        try train(recipe(scratch), into: out)
        let infos = try ["general", "source", "head"].map { try RunFolder.open(out.appendingPathComponent($0)).readInfo() }
        #expect(infos.allSatisfy { $0.status == .finished && $0.arm == "three" })
        #expect(infos.map(\.method) == ["fitnet", "fitnet+cwd", "fitnet+cwd"])
        #expect(infos.map { $0.stage?.number } == [1, 2, 3] && infos[2].stage?.isLast == true && !infos[2].isPlainStudent)
        let (source, head) = (out.appendingPathComponent("source"), out.appendingPathComponent("head"))
        #expect(try backbone(head) == backbone(source))
        #expect(try backbone(source) != backbone(out.appendingPathComponent("general")))
        #expect(try RunFolder.open(head).readMetrics(named: "test").images.count == 2)
        // A stage's own recipe runs by itself.
        let written = try Recipe.parse(RunFolder.open(head).readRecipe()!, catalog: .standard).recipe
        #expect(written.student.encoder == source.path)
        // The last stage is the run, wherever the whole is named.
        #expect(RunFolder.find(in: scratch.url).map(\.name) == ["head"])
        #expect(try RunFolder.open(head).stages().map(\.name) == ["general", "source", "head"])
        #expect(try SavedModel(at: out.path).info.model == "segformer-mit-b0")
    }

    @Test func interruptedAndResumedEqualsUninterrupted() throws {
        let scratch = try Scratch()
        let recipe = try recipe(scratch)
        // In one folder after the other: the stages' paths are part of their recipes.
        let out = scratch["out"]
        func checkpoints() throws -> [[Data]] {
            try ["general", "source", "head"].map { try out.appendingPathComponent($0).lastCheckpoint() }
        }
        try train(recipe, into: out)
        let expected = try checkpoints()
        for stage in 0..<3 {
            try FileManager.default.removeItem(at: out)
            #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: out, stage: stage, after: 2) }
            #expect(!FileManager.default.fileExists(atPath: out.appendingPathComponent("head/metrics/test.json").path))
            var trained: [Int] = []
            try train(recipe, into: out, existing: .resume) { index in
                var observer = TrainingObserver()
                observer.stepped = { _, _ in if !trained.contains(index) { trained.append(index) } }
                return observer
            }
            #expect(trained == Array(stage..<3))
            #expect(try checkpoints() == expected, "stopped in stage \(stage + 1)")
        }
    }

    @Test func aStageAloneNeedsWhatItBuildsOn() throws {
        let scratch = try Scratch()
        let out = scratch["out"]
        let error = #expect(throws: UserError.self) { try train(recipe(scratch), into: out, only: "source") }
        #expect(error?.message.contains("the stage 'source' needs 'general' (student.encoder)") == true)
        #expect(error?.hint?.contains("stages.source.student.encoder=PATH") == true)
        try train(recipe(scratch), into: out, only: "general")
        try train(recipe(scratch), into: out, only: "source")
        try train(
            recipe(scratch), into: scratch["other"], skipping: ["general", "source"], with: "stages.head.student.encoder=\(out.path)/source"
        )
        #expect(try backbone(scratch["other/head"]) == backbone(scratch["out/source"]))
        #expect(try RunFolder.open(scratch["other/head"]).readInfo().method == nil)
    }

    private func train(_ recipe: StagedRecipe, into folder: URL, skipping: [String], with override: String) throws {
        let changed = try #require(try StagedRecipe.parse(recipe.resolvedYAML, overrides: [override], catalog: .standard))
        let training = try StagedTraining(changed, into: folder, skipping: skipping)
        #expect(training.notes.first?.contains("left out: 4 steps of fitnet on street-scenes") == true)
        try training.check()
        try training.run()
    }

    @Test func finishedStagesAreNotReplacedUnasked() throws {
        let scratch = try Scratch()
        let out = scratch["out"]
        try train(recipe(scratch), into: out)
        func refusal(_ overrides: [String] = [], only: String? = nil, existing: RunFolder.Existing) -> String {
            do {
                _ = try StagedTraining(recipe(scratch, overrides: overrides), into: out, only: only, existing: existing)
                return "accepted"
            } catch { return "\(error)" }
        }
        #expect(refusal(existing: .refuse).contains("holds stages already: general (finished), source (finished), head (finished)"))
        #expect(refusal(["seed=2"], existing: .resume).contains("is another one: seed was 1, now 2"))
        #expect(refusal(existing: .resume) == "accepted")
        let file = out.appendingPathComponent("source/recipe.yaml")
        let text = try Data(contentsOf: file)
        try FileManager.default.removeItem(at: file)
        #expect(refusal(existing: .resume).contains("source is another one: its recipe.yaml is missing or damaged"))
        try text.write(to: file)
        // What builds on a stage that was trained again is out of date.
        try train(recipe(scratch), into: out, only: "source", existing: .overwrite)
        #expect(refusal(existing: .resume).contains("head was trained from an earlier run of 'source'"))
        #expect(refusal(only: "haed", existing: .resume).contains("has no stage 'haed'"))
    }

    @Test("what an interrupted stage builds on is not exchanged under it")
    func anInterruptedStage() throws {
        let scratch = try Scratch()
        let out = scratch["out"]
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe(scratch), into: out, stage: 1, after: 2) }
        // Times are kept in whole seconds.
        try RunFolder.open(out.appendingPathComponent("source")).updateInfo { $0.created.addTimeInterval(-5) }
        try train(recipe(scratch), into: out, only: "general", existing: .overwrite)
        let error = #expect(throws: UserError.self) { try StagedTraining(recipe(scratch), into: out, existing: .resume) }
        #expect(error?.message.contains("source was trained from an earlier run of 'general'") == true)
    }

    /// Before the first stage begins.
    @Test(arguments: [
        (
            "stages.head.student.model=segformer-resnet18",
            "the stage 'source' holds the encoder mit-b0, but segformer-resnet18 stands on resnet18"
        ),
        ("stages.general.teacher.weights=nowhere.pth", "there is no 'nowhere.pth'"),
    ])
    func whatALaterStageWouldStopAtIsRefused(_ override: String, _ words: String) throws {
        let scratch = try Scratch()
        let training = try StagedTraining(recipe(scratch, overrides: [override]), into: scratch["out"])
        do {
            try training.check()
            Issue.record("accepted")
        } catch { #expect("\(error)".contains(words), "\(error)") }
    }
}
