import Foundation
import Recipes
import Runs
import SegModels
import Support
import Testing
import Torch
import TorchNN
import Train

/// A network whose encoder comes from another and is not trained.
@Suite(.serialized) struct FrozenEncoderTests {
    /// Another head on the backbone of a run in `encoder`.
    private func recipe(_ scratch: Scratch, _ extra: String = "", overrides: [String] = []) throws -> Recipe {
        try tinyRecipe(
            "frozen", extra,
            overrides: ["student.model=segformer-resnet18", "student.encoder=\(scratch["encoder"].path)", "student.freeze=encoder"]
                + overrides)
    }

    private func trainEncoder(_ scratch: Scratch, _ model: String = "fcn-resnet18") throws {
        try train(tinyRecipe("encoder", steps: 2, overrides: ["student.model=\(model)"]), into: scratch["encoder"])
    }

    private func backbone(_ run: URL) throws -> [String: [UInt8]] {
        let model = try SavedModel(at: run.path).load()
        let own = model.stateDict().filter { $0.0.hasPrefix("backbone.") }
        return Dictionary(uniqueKeysWithValues: own.map { ($0.0, $0.1.withUnsafeBytes { Array($0) }) })
    }

    @Test(arguments: [
        [], ["optimizer.kind=adamw", "optimizer.weightDecay=0.1", "optimizer.ema=0.9", "optimizer.learningRate=0.001"],
        ["student.precision=bf16"],
    ])
    func theEncoderIsTheSameToTheBitAfterTraining(_ overrides: [String]) throws {
        let scratch = try Scratch()
        try trainEncoder(scratch)
        let before = try backbone(scratch["encoder"])
        try train(recipe(scratch, overrides: overrides + ["preflight.enabled=true"]), into: scratch["run"])
        #expect(before.count > 60)
        #expect(try backbone(scratch["run"]) == before)
        let saved = try Tensor.load(scratch["run"].appendingPathComponent("checkpoints/last/training.safetensors"))
        #expect(saved.keys.contains { $0.hasPrefix("optimizer.") && $0.contains("classifier") })
        #expect(!saved.keys.contains { $0.hasPrefix("optimizer.") && $0.contains("backbone") })
    }

    @Test func theHeadLearns() throws {
        let scratch = try Scratch()
        try trainEncoder(scratch)
        var losses: [Double] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses["task"]!) }
        let overrides = ["schedule.steps=30", "evaluation.every=30", "optimizer.kind=adamw", "optimizer.learningRate=0.003"]
        try train(recipe(scratch, overrides: overrides), into: scratch["run"], observer: observer)
        #expect(losses.last! < 0.8 * losses.first!)
    }

    @Test func resumingContinuesBitForBit() throws {
        let scratch = try Scratch()
        try trainEncoder(scratch)
        let recipe = try recipe(scratch, "teacher: {model: espnetv2-s1.0}\ndistillation: [{method: kd}]")
        try train(recipe, into: scratch["whole"])
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: 3) }
        try train(recipe, into: scratch["stopped"], existing: .resume)
        #expect(try scratch["stopped"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
    }

    @Test func aRunIsNotResumedWithAnotherEncoder() throws {
        let scratch = try Scratch()
        try trainEncoder(scratch)
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe(scratch), into: scratch["run"], after: 2) }
        try train(
            tinyRecipe("encoder", seed: 9, steps: 2, overrides: ["student.model=fcn-resnet18"]), into: scratch["encoder"],
            existing: .overwrite)
        let error = #expect(throws: UserError.self) { try train(recipe(scratch), into: scratch["run"], existing: .resume) }
        #expect(error?.message.contains("is not, or no longer, the one that the recipe names") == true)
    }

    /// Only the head's parameters are trained, so only they can be unreached, and their gradient is what losses share.
    @Test func theLookBeforeTheFirstStepKnowsIt() throws {
        let scratch = try Scratch()
        try trainEncoder(scratch)
        let extra = "teacher: {model: fcn-resnet18}\ndistillation: [{method: kd}, {method: cwd, taps: {teacher: stage3, student: stage3}}]"
        let record = try Preflight(TrainingSetup(recipe(scratch, extra))).run()
        let shares = Dictionary(uniqueKeysWithValues: record.losses.map { ($0.name, $0.share) })
        #expect(shares["task"]! > 0 && shares["kd"]! > 0 && shares["cwd"] == 0)
        #expect(record.unreached.isEmpty)
        #expect(record.warnings.contains { $0.hasPrefix("cwd gives the student no gradient") })
    }

    @Test(arguments: [
        ("fcn-resnet18", ["student.model=segformer-mit-b0"], "holds the encoder resnet18, but segformer-mit-b0 stands on mit-b0"),
        ("fcn-resnet18", ["student.model=espnet"], "espnet has no encoder that could be told from its head"),
        (
            "fcn-resnet18", ["optimizer.groups=[{match: 'backbone.*', learningRateScale: 0.1}]"],
            "belongs to the encoder, which student.freeze"
        ),
    ])
    func whatDoesNotFitIsRefused(_ encoder: String, _ overrides: [String], _ words: String) throws {
        let scratch = try Scratch()
        try trainEncoder(scratch, encoder)
        let error = #expect(throws: UserError.self) { try TrainingSetup(recipe(scratch, overrides: overrides)) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "nothing")")
    }

    /// A published file of the backbone is taken over as a run's encoder is.
    @Test func aFileOfABackboneIsAnEncoder() throws {
        let scratch = try Scratch()
        let file = scratch["resnet18.safetensors"]
        let published = try Models.backbone("torchvision:resnet18", classes: 7)
        try Tensor.save(published.stateDict(), to: file)
        try train(recipe(scratch, overrides: ["student.encoder=\(file.path)", "schedule.steps=2"]), into: scratch["run"])
        let taken = try backbone(scratch["run"])["backbone.conv1.weight"]
        #expect(taken == Dictionary(uniqueKeysWithValues: published.stateDict())["conv1.weight"]!.withUnsafeBytes { Array($0) })
    }
}
