import Foundation
import Recipes
import Runs
import Support
import Testing
import Torch
import Train

/// A method that sees each batch a second time, with patches hidden: `gkd`.
@Suite(.serialized) struct MaskedTrainingTests {
    private static let transformers = ["student.model=linear-vit-tiny-patch16", "optimizer.kind=adamw", "optimizer.learningRate=0.001"]

    private func recipe(
        _ overrides: [String], method: String = "{method: gkd}", teacher: String = "linear-vit-tiny-patch16"
    ) throws -> Recipe {
        try tinyRecipe(
            "gkd", "teacher: {model: \(teacher), precision: float32}\ndistillation: [\(method)]", overrides: overrides)
    }

    private func training(_ folder: URL) throws -> [String: Tensor] {
        try Tensor.load(folder.appendingPathComponent("checkpoints/last/training.safetensors"))
    }

    @Test func itResumesBitForBit() throws {
        let scratch = try Scratch()
        let recipe = try recipe(Self.transformers)
        try train(recipe, into: scratch["whole"])
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: 3) }
        try train(recipe, into: scratch["stopped"], existing: .resume)
        #expect(try scratch["stopped"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
        let token = try #require(try training(scratch["whole"])["methods.maskToken.gkd"])
        #expect(token.shape == [192] && token.abs().amax().item() > 0)
    }

    @Test func thePreflightLeavesTheRunAsItIsAndShowsTheClassToken() throws {
        let scratch = try Scratch()
        for name in ["true", "false"] {
            try train(recipe(Self.transformers + ["preflight.enabled=\(name)", "schedule.steps=2"]), into: scratch[name])
        }
        #expect(try scratch["true"].lastCheckpoint() == scratch["false"].lastCheckpoint())
        let record = try #require(try RunFolder.open(scratch["true"]).readPreflight())
        let token = try #require(record.taps.first { $0.role == "cls" })
        #expect(token.teacher.shape == [4, 192] && token.teacher.stride.isEmpty && token.matching == "equal")
        #expect(record.text.contains("cls 192"))
        #expect(!record.unreached.contains { $0.name.contains("gkd") || $0.name.contains("maskToken") })
    }

    /// CNNs from a transformer, and a Mix Transformer from a CNN: no class token, other strides.
    @Test(arguments: [
        ("fcn-resnet18", "linear-vit-tiny-patch16", "patches", "stage4", "student"),
        ("segformer-efficientnet-lite0", "linear-vit-tiny-patch16", "patches", "stage3", "student"),
        ("espnetv2-s0.5", "linear-vit-tiny-patch16", "patches", "stage3", "student"),
        ("segformer-mit-b0", "espnetv2-s0.5", "stage3", "stage3", "teacher"),
    ])
    func networksWithoutClassTokenTakePart(_ student: String, _ teacher: String, _ theirs: String, _ own: String, _ side: String) throws {
        let scratch = try Scratch()
        var losses: [[String: Double]] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses) }
        let recipe = try recipe(
            ["student.model=\(student)", "schedule.steps=16", "optimizer.kind=adamw", "optimizer.learningRate=0.001"],
            method: "{method: gkd, weight: 0.1, taps: {teacher: \(theirs), student: \(own)}}", teacher: teacher)
        var notes: [String] = []
        let setup = try TrainingSetup(recipe) { notes.append($0) }
        #expect(notes.contains { $0.hasPrefix("gkd goes without 'cls': the \(side) \(side == "student" ? student : teacher) has no cls") })
        try Trainer(setup, into: scratch["run"], observer: observer).train()
        #expect(losses.last!["gkd"]! < losses.first!["gkd"]!)
        let state = try training(scratch["run"])
        #expect(state["methods.maskToken.gkd"]?.shape == [3] && !state.keys.contains { $0.contains("projector.token") })
        // Running statistics are of whole images alone.
        let counters = try Tensor.load(scratch["run"].appendingPathComponent("checkpoints/last/model.safetensors"))
            .filter { $0.key.hasSuffix("num_batches_tracked") }
        #expect(!counters.isEmpty && counters.values.allSatisfy { $0.item() == 16 })
    }

    @Test func aVectorIsAskedForByName() throws {
        let error = #expect(throws: UserError.self) {
            try TrainingSetup(recipe(Self.transformers, method: "{method: gkd, taps: {studentCls: stage4}}"))
        }
        #expect(error?.message == "gkd: the student linear-vit-tiny-patch16 has no tap 'stage4' that is a vector")
        #expect(error?.hint == "Its taps: cls.")
        let without = try TrainingSetup(recipe(Self.transformers, method: "{method: gkd, taps: {studentCls: none}}"))
        #expect(without.steps == 6)
    }

    /// What belongs to a crop as a whole cannot be cut out of a map.
    @Test func aClassTokenIsNotCached() throws {
        let scratch = try Scratch()
        let error = #expect(throws: UserError.self) {
            try TrainingSetup(recipe(Self.transformers + ["teacher.cache.folder=\(scratch["cache"].path)"]))
        }
        #expect(error?.message.contains("the teacher's cls belongs to a crop as a whole") == true)
    }
}
