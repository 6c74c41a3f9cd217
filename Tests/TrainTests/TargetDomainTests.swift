import Foundation
import Recipes
import Runs
import SegData
import Support
import Testing
import Train
import Vision

/// Testing on other data sets than the one that was trained for.
@Suite(.serialized) struct TargetDomainTests {
    private static let targets =
        "data.targets=[{dataset: street-scenes, domain: night, severity: 0.8}, "
        + "{name: far, dataset: street-scenes, domain: other-city, evaluationCount: 3, evaluationSize: [32, 48]}]"

    @Test func theTestHasARowForEveryDomain() throws {
        let scratch = try Scratch()
        var evaluated: [Int] = []
        var observer = TrainingObserver()
        observer.evaluated = { evaluated.append($0) }
        let run = try train(tinyRecipe("targets", steps: 4, overrides: [Self.targets]), into: scratch["run"], observer: observer)
        let test = try run.readMetrics(named: "test")
        let domains = try #require(test.domains)
        #expect(domains.source?.name == "street-scenes" && domains.source?.images == 2 && domains.source?.meanIoU == test.meanIoU)
        #expect(domains.domains.map(\.name) == ["night", "far"] && domains.domains.map(\.images) == [2, 3])
        let mean = try #require(domains.meanIoU)
        let scores = domains.domains.compactMap(\.meanIoU)
        #expect(abs(mean - (scores[0] + scores[1]) / 2) < 1e-12)
        #expect(try abs(#require(domains.gap) - (test.meanIoU - mean)) < 1e-12)

        // Each has an evaluation of its own, with everything that one has.
        #expect(run.metricsNames() == ["target-far", "target-night", "test"])
        let far = try run.readMetrics(named: "target-far")
        #expect(far.meanIoU == domains.domains[1].meanIoU && far.split == "target-far" && far.images.count == 3)
        #expect(far.protocolName == "whole image, at 48×32" && test.protocolName == "whole image")
        #expect(try run.readMetrics(named: "target-night").protocolName == "whole image")
        #expect(evaluated.suffix(5).last == 7)

        let recipe = try Recipe.load(run.recipeFile.path, catalog: .standard).recipe
        #expect(try recipe.data.dataset(ofEvaluation: "target-far").count == 3 && recipe.data.dataset(ofEvaluation: "val").count == 2)
        let error = #expect(throws: UserError.self) { try recipe.data.dataset(ofEvaluation: "target-near") }
        #expect(error?.hint == "It has night, far.")

        let pictures = try #require(try run.readPictureIndex()).pictures
        #expect(pictures.map { $0.domain ?? "source" } == ["source", "source", "night", "night", "far", "far", "far"])
        #expect(FileManager.default.fileExists(atPath: run.predictions(named: "target-night").path))
    }

    /// The source's own score is what it is without targets.
    @Test func targetsChangeNothingAtHome() throws {
        let scratch = try Scratch()
        let plain = try train(tinyRecipe("a", steps: 2), into: scratch["a"])
        let more = try train(tinyRecipe("a", steps: 2, overrides: [Self.targets]), into: scratch["b"])
        #expect(try plain.readMetrics(named: "test").confusion == more.readMetrics(named: "test").confusion)
        #expect(try plain.url.lastCheckpoint() == more.url.lastCheckpoint())
        #expect(try plain.readMetrics(named: "test").domains == nil)
    }

    // MARK: Data in files

    /// Four images: two to train on, one to validate, one to test.
    private func folder(_ scratch: Scratch, _ name: String, _ values: [UInt8], classes: String = "road\ncar") throws -> String {
        let root = scratch[name]
        for (index, value) in values.enumerated() {
            let split = ["train", "train", "val", "test"][index]
            for part in ["images", "labels"] {
                let folder = root.appendingPathComponent("\(part)/\(split)")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            }
            try Image(width: 64, height: 48, filledWith: value).write(to: root.appendingPathComponent("images/\(split)/\(index).png"))
            try LabelMap(width: 64, height: 48, filledWith: 1).write(to: root.appendingPathComponent("labels/\(split)/\(index).png"))
        }
        try classes.write(to: root.appendingPathComponent("classes.txt"), atomically: true, encoding: .utf8)
        return root.path
    }

    private func recipe(_ source: String, _ target: String) throws -> Recipe {
        let yaml = """
            name: a
            threads: 1
            data:
              dataset: folder
              root: \(source)
              classes: classes.txt
              augmentation: {crop: [32, 32]}
              loader: {batchSize: 2, threads: 1}
              targets: [{name: other, dataset: folder, classes: classes.txt, \(target)}]
            student: {model: espnetv2-s0.5}
            schedule: {steps: 1}
            """
        return try Recipe.parse(yaml, catalog: .standard).recipe
    }

    @Test func imagesOfTheSourceAreRefused() throws {
        let scratch = try Scratch()
        let source = try folder(scratch, "source", [10, 20, 30, 40])
        let other = try folder(scratch, "other", [50, 60, 30, 20])
        func refusal(_ target: String) throws -> String {
            let error = #expect(throws: UserError.self) { try TrainingSetup(recipe(source, "root: \(other), \(target)")) }
            return error?.message ?? ""
        }
        let pair = "\(other)/images/test/3.png is \(source)/images/train/1.png"
        #expect(try refusal("test: test") == "data.targets: 'other' has an image of the source's training data: \(pair)")
        #expect(try refusal("test: val").contains("an image of the source's validation data"))
        #expect(try refusal("test: [train, test]").contains("other/images/test/3.png is"))
        _ = try TrainingSetup(recipe(source, "root: \(other), test: train"))
        _ = try TrainingSetup(recipe(source, "root: \(other), test: [train, val, test], only: [\"[01]\"]"))
    }

    @Test func whatDoesNotFitIsRefusedByName() throws {
        let scratch = try Scratch()
        let source = try folder(scratch, "source", [10, 20, 30, 40])
        let other = try folder(scratch, "other", [50, 60, 70, 80], classes: "car\nroad")
        func refusal(_ target: String) throws -> UserError? {
            #expect(throws: UserError.self) { try TrainingSetup(recipe(source, "root: \(other), \(target)")) }
        }
        let classes = try refusal("test: test")
        #expect(classes?.message == "data.targets: the classes of 'other' are car, road, but the source's are road, car")
        #expect(classes?.hint?.contains("No map is known between them.") == true)
        let empty = try refusal("test: test, only: [\"5*\"]")
        #expect(empty?.message == "data.targets: no image of 'other' is called like 5*")
        #expect(empty?.hint == "Of its 1 images the first are 3.")
        #expect(try refusal("test: tset")?.message.contains("there is no split 'tset'") == true)
    }

    @Test func missingFoldersAreFoundBeforeAnything() throws {
        let yaml = """
            name: a
            data:
              dataset: street-scenes
              classMap: common7
              targets: [{dataset: idd-lite, root: nowhere/idd}]
            student: {model: espnetv2-s0.5}
            """
        let error = #expect(throws: RecipeError.self) { try Recipe.parse(yaml, catalog: .standard).checkPaths() }
        #expect(error?.description.contains("data.targets.0.root: there is no 'nowhere/idd'") == true)
    }
}
