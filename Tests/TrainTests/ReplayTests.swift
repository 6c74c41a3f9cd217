import Foundation
import Recipes
import Runs
import Support
import Testing
import Torch
import Train

/// A loss that is no longer a number.
@Suite(.serialized) struct ReplayTests {
    private static func stop(_ recipe: Recipe, _ folder: URL) throws -> UserError? {
        #expect(throws: UserError.self) { try train(recipe, into: folder) }
    }

    @Test func theCheckpointStaysAndTheStepIsKept() throws {
        let scratch = try Scratch()
        let changes = ["optimizer.learningRate=1e25", "checkpoint.every=1", "evaluation.every=1", "optimizer.accumulate=2"]
        let recipe = try tinyRecipe("nan", steps: 12, ResumeTests.teacher, overrides: changes)
        let error = try Self.stop(recipe, scratch["run"])
        let run = try RunFolder.open(scratch["run"])
        let files = try FileManager.default.contentsOfDirectory(at: run.replays, includingPropertiesForKeys: nil)
        let replay = try Replay(at: #require(files.first))
        let step = replay.header.step
        #expect(files.count == 1 && step > 1 && error?.message.contains("diverged at step \(step): ") == true)
        #expect(error?.hint?.contains("--replay \(files[0].path)") == true)
        // The last checkpoint is of the step before, and whole.
        let last = run.checkpoints.appendingPathComponent("last")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: last.path) == "step-\(step - 1)")
        for (_, tensor) in try Tensor.load(last.appendingPathComponent("model.safetensors")) {
            #expect(tensor.float.isFinite().all().item() == 1)
        }
        #expect(replay.header.samples.map(\.count) == [4, 4])
        let result = try replay.run(TrainingSetup(recipe))
        #expect(result.terms.map(\.name) == ["task", "kd", "cwd"])
        #expect(result.terms.contains { !$0.weighted.isFinite })
        #expect(result.text.contains("step \(step) of 12: batch"))
    }

    /// A network with one broken tensor behind the map that cwd compares: that term is a number, and the same one.
    @Test func theStepGivesTheSameNumbersAgain() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("first", steps: 2), into: scratch["first"])
        let saved = try SavedModel(at: scratch["first"].path).load()
        let broken = saved.stateDict().map { name, tensor in
            (name, name.hasPrefix("bu_dec_l4.merge_layer.3.") ? tensor * Double.nan : tensor)
        }
        let weights = scratch["broken.safetensors"]
        try Tensor.save(broken, to: weights)
        let changes = ["student.weights=\(weights.path)", "log.every=5"]
        let refusal = #expect(throws: UserError.self) {
            try Preflight(TrainingSetup(tinyRecipe("b", ResumeTests.teacher, overrides: changes))).run()
        }
        #expect(refusal?.message.contains("not a number at the first step: task") == true)
        let recipe = try tinyRecipe("broken", ResumeTests.teacher, overrides: changes)
        let error = try Self.stop(recipe, scratch["run"])
        #expect(error?.message.contains("diverged at step 1") == true)
        let replay = try Replay(at: scratch["run"].appendingPathComponent("replay/step-1.safetensors"))
        let result = try replay.run(TrainingSetup(recipe))
        let terms = Dictionary(uniqueKeysWithValues: result.terms.map { ($0.name, $0) })
        #expect(terms["task"]?.weighted.isNaN == true && replay.header.losses?["task"]?.isNaN == true)
        #expect(terms["cwd"]?.weighted.isFinite == true)
        #expect(terms["cwd"].map { Float($0.weighted) } == replay.header.losses?["cwd"].map(Float.init))
        #expect(!result.brokenGradients.isEmpty)
    }

    @Test func anotherFileIsNoStep() throws {
        let scratch = try Scratch()
        try Tensor.save([("a", Tensor.zeros([1]))], to: scratch["a.safetensors"])
        let error = #expect(throws: UserError.self) { try Replay(at: scratch["a.safetensors"]) }
        #expect(error?.message.contains("holds no training step") == true)
    }
}
