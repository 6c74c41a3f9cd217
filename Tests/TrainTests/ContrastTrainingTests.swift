import Foundation
import Recipes
import Runs
import Support
import Testing
import Torch
import Train

/// A method that compares two views and needs no teacher: `sskd-contrast`.
@Suite(.serialized) struct ContrastTrainingTests {
    private static let masks = ["student.model=mask2former-small-mit-b0", "optimizer.kind=adamw", "optimizer.learningRate=0.001"]
    private static let semantic = "{method: sskd-contrast, negatives: 9, sampler: class, taps: {student: stage3, studentScores: logits}}"

    private func recipe(
        _ method: String = "{method: sskd-contrast, negatives: 5}", steps: Int = 4, _ overrides: [String] = Self.masks
    ) throws -> Recipe {
        try tinyRecipe("contrast", steps: steps, "distillation: [\(method)]", overrides: overrides)
    }

    private func training(_ folder: URL) throws -> [String: Tensor] {
        try Tensor.load(folder.appendingPathComponent("checkpoints/last/training.safetensors"))
    }

    @Test func itResumesBitForBit() throws {
        let scratch = try Scratch()
        let recipe = try recipe()
        try train(recipe, into: scratch["whole"])
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: 2) }
        try train(recipe, into: scratch["stopped"], existing: .resume)
        #expect(try scratch["stopped"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
        let info = try RunFolder.open(scratch["whole"]).readInfo()
        #expect(info.method == "sskd-contrast")
    }

    @Test func thePreflightLeavesTheRunAsItIsAndNeedsNoTeacher() throws {
        let scratch = try Scratch()
        for name in ["true", "false"] {
            try train(recipe(steps: 2, Self.masks + ["preflight.enabled=\(name)"]), into: scratch[name])
        }
        #expect(try scratch["true"].lastCheckpoint() == scratch["false"].lastCheckpoint())
        let record = try #require(try RunFolder.open(scratch["true"]).readPreflight())
        #expect(record.teacher == nil && record.taps.isEmpty)
        let loss = try #require(record.losses.first { $0.name == "sskd-contrast" })
        #expect(loss.weight == 0.1 && loss.share > 0 && loss.value ?? 0 > 0)
        #expect(!record.unreached.contains { $0.name.contains("sskd-contrast") })
    }

    /// A semantic network, whose batch normalisation counts the images themselves alone.
    @Test func aSemanticStudentGoesByItsScores() throws {
        let scratch = try Scratch()
        var notes: [String] = []
        let setup = try TrainingSetup(recipe(Self.semantic, [])) { notes.append($0) }
        #expect(notes.contains { $0.hasPrefix("sskd-contrast: weight 0.1, ") && $0.contains("logits 4×") })
        #expect(notes.contains { $0.hasPrefix("sskd-contrast goes without 'masks': the student espnetv2-s0.5 has no mask.logits") })
        try Trainer(setup, into: scratch["run"]).train()
        let counters = try Tensor.load(scratch["run"].appendingPathComponent("checkpoints/last/model.safetensors"))
            .filter { $0.key.hasSuffix("num_batches_tracked") }
        #expect(!counters.isEmpty && counters.values.allSatisfy { $0.item() == 4 })
    }

    @Test func aFixedHeadStaysAndATrainedOneDoesNot() throws {
        let scratch = try Scratch()
        func head(_ view: String, _ kind: String, steps: Int) throws -> Tensor {
            let folder = scratch["\(kind)-\(steps)"]
            if !FileManager.default.fileExists(atPath: folder.path) {
                try train(
                    recipe(Self.semantic.replacing("negatives: 9", with: "negatives: 9, strongHead: \(kind)"), steps: steps, []),
                    into: folder)
            }
            return try #require(try training(folder)["methods.sskd-contrast.projector.\(view).0.weight"])
        }
        #expect(try head("strong", "fixed", steps: 1).equals(head("strong", "fixed", steps: 2)))
        #expect(try !head("weak", "fixed", steps: 1).equals(head("weak", "fixed", steps: 2)))
        #expect(try !head("strong", "trained", steps: 1).equals(head("strong", "trained", steps: 2)))
    }

    @Test func itStandsBesideMethodsThatHaveATeacher() throws {
        let scratch = try Scratch()
        let yaml = "teacher: {model: espnetv2-s1.0, precision: float32}\ndistillation: [{method: kd}, \(Self.semantic)]"
        var losses: [String: Double] = [:]
        var observer = TrainingObserver()
        observer.logged = { losses = $0.losses }
        try train(tinyRecipe("both", steps: 2, yaml), into: scratch["run"], observer: observer)
        #expect(Set(losses.keys) == ["total", "task", "kd", "sskd-contrast"] && losses["sskd-contrast"]! > 0)
    }

    private func losses(_ recipe: Recipe, into folder: URL) throws -> [[String: Double]] {
        var losses: [[String: Double]] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses) }
        try train(recipe, into: folder, observer: observer)
        return losses
    }

    /// The preflight also looks at a single image, which has no others.
    @Test func objectsAreLearntBesideIt() throws {
        let scratch = try Scratch()
        let method = "distillation=[{method: sskd-contrast, negatives: 5, candidates: others}]"
        let losses = try losses(
            Shapes(at: scratch["shapes"]).recipe(steps: 3, overrides: [method, "data.loader.batchSize=2", "preflight.enabled=true"]),
            into: scratch["run"])
        #expect(losses.count == 3 && losses.allSatisfy { $0["task"]! > 0 && $0["sskd-contrast"]! > 0 })
    }

    /// Were half of the images left out, the mean would be half as large.
    @Test func unlabelledImagesAreComparedToo() throws {
        let scratch = try Scratch()
        let shapes = try Shapes(at: scratch["shapes"])
        let labelled = ["data.loader.batchSize=2", "data.fraction=0.5"]
        try train(shapes.recipe(steps: 1, overrides: labelled), into: scratch["teacher"])
        let overrides = labelled + ["distillation=[{method: sskd-contrast, negatives: 5, candidates: others, sampler: uniform}]"]
        let beside = overrides + ["data.unlabelled={teacher: \(scratch["teacher"].path), threshold: 0}"]
        let alone = try losses(shapes.recipe(steps: 1, overrides: overrides), into: scratch["alone"])[0]["sskd-contrast"]!
        let both = try losses(shapes.recipe(steps: 1, overrides: beside), into: scratch["both"])[0]
        #expect(both["pseudo-labels"]! > 0 && both["sskd-contrast"]! != alone && abs(both["sskd-contrast"]! / alone - 1) < 0.25)
        let refused = #expect(throws: UserError.self) {
            try TrainingSetup(shapes.recipe(overrides: beside + ["data.unlabelled.batchSize=1"]))
        }
        #expect(refused?.hint?.contains("data.unlabelled.batchSize") == true)
    }

    /// The strong view is kept with the step.
    @Test func aBrokenStepIsRunAgainWithBothViews() throws {
        let scratch = try Scratch()
        let recipe = try recipe(Self.semantic, steps: 12, ["optimizer.learningRate=1e25", "checkpoint.every=1"])
        #expect(throws: UserError.self) { try train(recipe, into: scratch["run"]) }
        let files = try FileManager.default.contentsOfDirectory(
            at: RunFolder.open(scratch["run"]).replays, includingPropertiesForKeys: nil)
        let result = try Replay(at: #require(files.first)).run(TrainingSetup(recipe))
        #expect(result.terms.map(\.name) == ["task", "sskd-contrast"])
    }

    @Test func whatCannotWorkIsRefused() throws {
        let alone = #expect(throws: UserError.self) {
            try TrainingSetup(recipe("{method: sskd-contrast, candidates: others}", Self.masks + ["data.loader.batchSize=1"]))
        }
        #expect(alone?.message.contains("'candidates: others'") == true)
        let blind = #expect(throws: UserError.self) { try TrainingSetup(recipe("{method: sskd-contrast, taps: {student: stage3}}", [])) }
        #expect(blind?.message.contains("goes by masks and classes") == true)
        let unused = #expect(throws: UserError.self) {
            try TrainingSetup(tinyRecipe("plain", overrides: ["data.augmentation.strong.grey=0.2"]))
        }
        #expect(unused?.message.contains("no method of this recipe compares two views") == true)
    }
}
