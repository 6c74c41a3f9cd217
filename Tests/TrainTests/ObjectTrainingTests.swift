import Foundation
import Recipes
import Runs
import SegData
import SegEval
import Support
import Testing
import Torch
import Train
import Vision

/// Training on objects, and finding them.
@Suite(.serialized) struct ObjectTrainingTests {
    private func events(_ recipe: Recipe, into folder: URL) throws -> (run: RunFolder, events: [StepEvent]) {
        var events: [StepEvent] = []
        var observer = TrainingObserver()
        observer.logged = { events.append($0) }
        return (try train(recipe, into: folder, observer: observer), events)
    }

    @Test func objectsAreLearntFoundAndScored() throws {
        let scratch = try Scratch()
        let shapes = try Shapes(at: scratch["shapes"])
        let overrides = ["evaluation.every=20", "evaluation.protocol=cityscapes"]
        let (run, steps) = try events(shapes.recipe(steps: 60, overrides: overrides), into: scratch["run"])
        #expect(try #require(steps.last).losses["task"]! < 0.5 * #require(steps.first).losses["task"]!)
        let record = try run.readObjectMetrics(named: "test")
        #expect(record.images == 4 && record.masks.region == .mask && record.boundaries.region == .boundary)
        #expect(record.masks.categories.map(\.name) == ["disc", "square"] && record.masks.categories.map(\.truths) == [3, 3])
        let precision = try #require(record.masks.summary.averagePrecision)
        #expect(precision > 0.2 && record.boundaries.summary.averagePrecision! <= precision)
        // Three discs and two squares: by Cityscapes' rules the square of one pixel is too small to be sought, the group is none.
        let city = try #require(record.cityscapes)
        #expect(city.classes.map(\.name) == ["disc", "square"] && city.classes.map(\.truths) == [3, 2] && city.images == 4)
        #expect(city.averagePrecision != precision)
        // The best of the validations, which saw the same images.
        let validations = try EventLog.read(run).compactMap { if case .evaluation(let event) = $0 { event } else { nil } }
        #expect(validations.count == 3 && validations.compactMap(\.averagePrecision).max() == city.averagePrecision)
        #expect(validations.last { $0.best }?.averagePrecision50 == city.averagePrecision50 && validations.allSatisfy { $0.meanIoU == nil })
        // Without being asked for, other classes' objects are scored by COCO's.
        let saved = try SavedModel(at: run.url.path)
        let plain = try Tester(Segmenter(saved.load(), device: .cpu), saved.info, shapes.recipe()).scoreObjects(nil, purpose: .test)
        #expect(plain.cityscapes == nil && plain.masks.summary.averagePrecision! > 0.2)
        // What is written scores the same when it is read.
        let truth = try COCOFile(contentsOf: run.trueObjectsFile(named: "test"))
        let found = try truth.results(contentsOf: run.objectsFile(named: "test"))
        #expect(truth.annotations.count == 7 && truth.annotations.count(where: \.isCrowd) == 1)
        // pycocotools refuses objects without an area.
        #expect(truth.annotations.allSatisfy { $0.area.map { $0 >= 1 } == true })
        #expect(try COCOEvaluator(truth: truth, detections: found, region: .mask).run() == record.masks)
        #expect(run.metricsNames().isEmpty && run.objectMetricsNames() == ["test"])
        #expect(saved.info.classes.names == ["disc", "square"])
    }

    @Test(arguments: [[], ["data.augmentation.mix.kind=copyPaste", "optimizer.accumulate=2", "preflight.enabled=true"]])
    func resumingContinuesBitForBit(_ overrides: [String]) throws {
        let scratch = try Scratch()
        let recipe = try Shapes(at: scratch["shapes"]).recipe(steps: 4, overrides: overrides + ["data.loader.batchSize=2"])
        try train(recipe, into: scratch["whole"])
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: 2) }
        try train(recipe, into: scratch["stopped"], existing: .resume)
        #expect(try scratch["stopped"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
    }

    /// Groups that nobody took apart are no targets; an image without any teaches that there is nothing.
    @Test func imagesWithoutTargetsTeachTheClassesAlone() throws {
        let scratch = try Scratch()
        let crowd = Shapes.Shape.disc(30, 30, radius: 9).crowd
        let shapes = try Shapes(at: scratch["crowds"], [[crowd], [], [crowd], []])
        let other = try Shapes(at: scratch["other"])
        try FileManager.default.copyItem(
            at: other.root.appendingPathComponent("train.json"), to: shapes.root.appendingPathComponent("val.json"))
        let overrides = ["data.validation=val", "data.test=val"]
        for event in try events(shapes.recipe(steps: 2, overrides: overrides), into: scratch["run"]).events {
            let parts = try #require(event.unweighted)
            #expect(parts["task.mask"] == 0 && parts["task.dice"] == 0 && parts["task.class"]! > 0)
        }
    }

    @Test func aThousandObjectsOfOnePixel() throws {
        let scratch = try Scratch()
        let pixels = (0..<1024).map { Shapes.Shape.square($0 % 32 * 2, $0 / 32 * 2, side: 1) }
        let recipe = try Shapes(at: scratch["shapes"], [pixels, []]).recipe(steps: 2, overrides: ["data.loader.batchSize=2"])
        let (run, steps) = try events(recipe, into: scratch["run"])
        #expect(steps.allSatisfy { $0.losses["task"]!.isFinite && $0.unweighted!["task.mask"]! > 0 })
        #expect(try run.readObjectMetrics(named: "test").masks.categories.map(\.truths) == [0, 1024])
    }

    @Test func renderedScenesHaveObjectsToo() throws {
        let scratch = try Scratch()
        let overrides = [
            "student.model=mask2former-small-resnet18", "student.headChannels=32", "loss.masks.points=256", "loss.task=instances",
            "data.instances=true", "evaluation.limit=1",
        ]
        let run = try train(tinyRecipe("scenes", steps: 2, overrides: overrides), into: scratch["run"])
        let record = try run.readObjectMetrics(named: "test")
        #expect(record.images == 2 && record.masks.categories.count > 1)
    }

    @Test func cityscapesClassesAreScoredByItsRulesUnlessToldOtherwise() throws {
        let scratch = try Scratch()
        let names = ClassList.cityscapesThings.names
        let shapes = try Shapes(at: scratch["shapes"], [[.disc(30, 30, radius: 9)], []], classes: names)
        for (rules, classes) in [("auto", names), ("coco", nil)] {
            let overrides = ["data.loader.batchSize=2", "evaluation.protocol=\(rules)"]
            let run = try train(shapes.recipe(steps: 1, overrides: overrides), into: scratch[rules])
            #expect(try run.readObjectMetrics(named: "test").cityscapes?.classes.map(\.name) == classes)
        }
    }

    @Test func aStepThatBreaksIsKeptWithItsObjects() throws {
        let scratch = try Scratch()
        let recipe = try Shapes(at: scratch["shapes"]).recipe(steps: 4, overrides: ["optimizer.learningRate=1e30", "optimizer.kind=sgd"])
        let error = #expect(throws: UserError.self) { try train(recipe, into: scratch["run"]) }
        #expect(error?.message.contains("diverged at step") == true)
        let folder = try RunFolder.open(scratch["run"]).replays
        let file = try #require(FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).first)
        let replay = try Replay(at: file)
        let objects = try #require(replay.header.objects?.first)
        #expect(objects.compactMap { $0?.count }.sorted() == [0, 2, 2, 3])
        #expect(try replay.run(TrainingSetup(recipe)).terms.contains { !$0.weighted.isFinite })
    }

    // MARK: Bad input

    @Test(arguments: [
        ("data.instances=false", "data.instances: 'loss.task: instances' learns the objects: set it to true"),
        ("evaluation.flip=true", "evaluation.flip: objects are found in one view of an image"),
        ("evaluation.mode=slide", "evaluation.mode: objects are found in the whole image"),
        ("evaluation.metrics=[boundary]", "evaluation.metrics: are of label maps"),
        ("loss.criterion=masks", "loss.criterion: has no effect here"),
    ])
    func whatObjectsDoWithoutIsRefused(_ override: String, _ words: String) throws {
        let scratch = try Scratch()
        let shapes = try Shapes(at: scratch["shapes"])
        let error = #expect(throws: RecipeError.self) { try shapes.recipe(overrides: [override]) }
        #expect("\(error!)".contains(words), "\(error!)")
    }

    @Test func dataWithoutObjectsAreRefused() throws {
        let scratch = try Scratch()
        let error = #expect(throws: RecipeError.self) {
            try tinyRecipe("x", overrides: ["loss.task=instances", "data={dataset: camvid, root: x}"])
        }
        #expect("\(error!)".contains("'camvid' has no objects"), "\(error!)")
        let none = try Shapes(at: scratch["none"], [[], []]).recipe(overrides: ["data.loader.batchSize=2"])
        let empty = #expect(throws: UserError.self) { try TrainingSetup(none) }
        #expect(empty?.message == "none of 2 images has an object")
    }

    @Test func anotherNetworkIsRefused() throws {
        let scratch = try Scratch()
        let shapes = try Shapes(at: scratch["shapes"])
        let recipe = try shapes.recipe(overrides: ["student={model: fcn-resnet18, precision: float32}"])
        let error = #expect(throws: UserError.self) { try TrainingSetup(recipe) }
        #expect(error?.message.contains("does not predict masks") == true)
    }
}
