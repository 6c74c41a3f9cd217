import Foundation
import Recipes
import Runs
import SegData
import SegModels
import Support
import Testing
import Torch
import TorchNN
import Train
import Vision

/// Training without labels: distillation alone.
@Suite(.serialized) struct UnlabelledTests {
    /// A backbone learns another's map.
    private func recipe(_ scratch: Scratch, _ name: String = "unlabelled", overrides: [String] = []) throws -> Recipe {
        let teacher = scratch["teacher.safetensors"]
        if !FileManager.default.fileExists(atPath: teacher.path) {
            TorchRandom.seed(3)
            try Tensor.save(Models.backbone("resnet18").stateDict(), to: teacher)
        }
        let extra = """
            teacher: {model: resnet18, weights: \(teacher.path), precision: float32}
            distillation: [{method: cwd, taps: {teacher: stage4, student: stage4}}]
            loss: {task: none}
            """
        return try tinyRecipe(
            name, extra, overrides: ["student.model=mit-b0", "optimizer.kind=adamw", "optimizer.learningRate=0.001"] + overrides)
    }

    @Test func aBackboneIsTrainedAndSaved() throws {
        let scratch = try Scratch()
        let run = try train(recipe(scratch, overrides: ["preflight.enabled=true"]), into: scratch["run"])
        #expect(try run.readInfo().status == .finished)
        #expect(run.metricsNames().isEmpty)
        let saved = try SavedModel(at: scratch["run"].path)
        #expect(saved.info.isBackbone)
        #expect(try saved.network() is Backbone)
        let error = #expect(throws: UserError.self) { try saved.load() }
        #expect(error?.message.contains("holds the backbone mit-b0 without a head") == true)
        let record = try #require(try run.readPreflight())
        #expect(record.losses.map(\.name) == ["cwd"] && record.teacher?.score == nil)
    }

    /// The loss on the validation images is the score: it falls, and the best checkpoint has the lowest.
    @Test func theDistillationLossIsTheScore() throws {
        let scratch = try Scratch()
        let fitnet = "distillation=[{method: fitnet, taps: {teacher: stage4, student: stage4}}]"
        let run = try train(recipe(scratch, overrides: [fitnet, "schedule.steps=30", "evaluation.every=5"]), into: scratch["run"])
        let evaluations = try EventLog.read(run).compactMap { if case .evaluation(let event) = $0 { event } else { nil } }
        let losses = evaluations.compactMap(\.loss)
        #expect(losses.count == 6 && evaluations.allSatisfy { $0.meanIoU == nil })
        #expect(losses.last! < 0.8 * losses.first!)
        let best = evaluations.last { $0.best }
        #expect(best?.loss == losses.min())
        #expect(try SavedModel(at: scratch["run"].path).info.step == best?.step)
    }

    /// From a cache come the training images' maps; the validation images are shown to the living teacher.
    @Test func aCacheStandsInForTheTeacher() throws {
        let scratch = try Scratch()
        let still = ["data.augmentation.scale=[1, 1]", "data.augmentation.flip=0", "evaluation.every=1", "log.every=1", "schedule.steps=2"]
        func scores(_ name: String, _ overrides: [String]) throws -> [Double] {
            let run = try train(recipe(scratch, name, overrides: still + overrides), into: scratch[name])
            return try EventLog.read(run).compactMap { if case .evaluation(let event) = $0 { event.loss } else { nil } }
        }
        let live = try scores("live", [])
        let cached = try scores("cached", ["teacher.cache={folder: \(scratch["cache"].path), type: float32}"])
        let again = try scores("again", ["teacher.cache={folder: \(scratch["cache"].path), type: float32}"])
        #expect(live.count == 2 && cached == again)
        for (found, expected) in zip(cached, live) { #expect(abs(found - expected) <= 1e-4 * expected) }
    }

    @Test func resumingContinuesBitForBit() throws {
        let scratch = try Scratch()
        let recipe = try recipe(scratch)
        try train(recipe, into: scratch["whole"])
        for step in [3, 4] {
            let folder = scratch["stopped-\(step)"]
            #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: folder, after: step) }
            try train(recipe, into: folder, existing: .resume)
            #expect(try folder.lastCheckpoint() == scratch["whole"].lastCheckpoint())
        }
    }

    /// Masks that a method draws are the same in every validation and leave training's random numbers alone.
    @Test func validationLeavesNoTrace() throws {
        let scratch = try Scratch()
        let masks = ["distillation=[{method: mgd, taps: {teacher: stage3, student: stage3}}]", "schedule.steps=4"]
        try train(recipe(scratch, overrides: masks + ["evaluation.every=1"]), into: scratch["often"])
        try train(recipe(scratch, overrides: masks + ["evaluation.every=4"]), into: scratch["once"])
        #expect(try scratch["often"].lastCheckpoint()[0] == scratch["once"].lastCheckpoint()[0])
    }

    /// Images without any labels, and labels that no training could use: neither is looked at.
    @Test func labelsAreNotRead() throws {
        let scratch = try Scratch()
        for folder in ["images/train", "images/val"] {
            try FileManager.default.createDirectory(at: scratch[folder], withIntermediateDirectories: true)
            for number in 0..<4 {
                let pixels = (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 &* (7 + number)) }
                try Image(width: 64, height: 48, pixels: pixels).write(to: scratch["\(folder)/\(number).png"])
            }
        }
        let data = [
            "data={dataset: folder, root: \(scratch.url.path), labels: none, augmentation: {crop: [64, 64]}, loader: {batchSize: 4}}"
        ]
        let without = try recipe(scratch, overrides: data + ["evaluation.batchSize=1"])
        try train(without, into: scratch["without"])
        for folder in ["labels/train", "labels/val"] {
            try FileManager.default.createDirectory(at: scratch[folder], withIntermediateDirectories: true)
            for number in 0..<4 { try Data("no label".utf8).write(to: scratch["\(folder)/\(number).png"]) }
        }
        let labels = ["data.labels=", "data.classes=[a, b]"]
        try train(recipe(scratch, overrides: data + ["evaluation.batchSize=1"] + labels), into: scratch["broken"])
        #expect(try scratch["without"].lastCheckpoint()[1] == scratch["broken"].lastCheckpoint()[1])
    }

    /// The padding of a crop that is larger than the image is no position to learn from.
    @Test func paddingDoesNotCount() throws {
        let image = Image(width: 3, height: 2, pixels: [UInt8](repeating: 9, count: 18))
        let broken = LabelMap(width: 3, height: 2, values: [0, 1, 255, 1, 1, 7])
        let dataset = UnlabelledDataset(OneSample(Sample(name: "a", image: image, labels: broken)))
        #expect(try dataset.sample(0).labels?.values == [0, 0, 0, 0, 0, 0])
        let loader = try Loader(
            dataset, LoaderOptions(batchSize: 1, augmentation: Augmentation(crop: Size(width: 4, height: 4)), epochs: 1))
        let labels = try #require(try loader.next()).withLabels { Array($0) }
        #expect(labels.filter { $0 == 255 }.count == 10 && labels.filter { $0 == 0 }.count == 6)
    }

    @Test func anEncoderOfThisKindIsTakenOver() throws {
        let scratch = try Scratch()
        try train(recipe(scratch), into: scratch["encoder"])
        let overrides = ["student.model=segformer-mit-b0", "student.encoder=\(scratch["encoder"].path)", "student.freeze=encoder"]
        try train(tinyRecipe("head", steps: 2, overrides: overrides), into: scratch["head"])
        let mine = Dictionary(uniqueKeysWithValues: try SavedModel(at: scratch["head"].path).network().stateDict())
        for (name, tensor) in try SavedModel(at: scratch["encoder"].path).network().stateDict() {
            #expect(mine["backbone." + name]?.withUnsafeBytes { Array($0) } == tensor.withUnsafeBytes { Array($0) })
        }
        let whole = #expect(throws: UserError.self) {
            try TrainingSetup(
                tinyRecipe("x", overrides: ["student.model=segformer-mit-b0", "student.checkpoint=\(scratch["encoder"].path)"]))
        }
        #expect(whole?.hint?.contains("student.encoder") == true)
    }
}

private struct OneSample: Dataset {
    let classes = ClassList([])
    let count = 1
    private let only: Sample
    init(_ sample: Sample) { only = sample }
    func name(_ index: Int) -> String { only.name }
    func sample(_ index: Int) throws -> Sample { only }
}
