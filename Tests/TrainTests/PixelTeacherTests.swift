import Foundation
import Recipes
import Runs
import SegData
import Support
import Testing
import Torch
import Train

/// Unlabelled images whose pixels a teacher labels while training goes on: UniMatch V2, FixMatch, a teacher that stays.
@Suite(.serialized) struct PixelTeacherTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let contrast =
        "distillation=[{method: sskd-contrast, negatives: 9, sampler: class, taps: {student: stage3, studentScores: logits}}]"

    /// Half of eight scenes are labelled.
    private func recipe(steps: Int = 4, _ overrides: [String] = []) throws -> Recipe {
        let data = ["data.loader.batchSize=2", "data.fraction=0.5", "data.unlabelled={online: {}, threshold: 0}", "log.every=1"]
        return try tinyRecipe("pixels", steps: steps, overrides: data + overrides)
    }

    private func events(_ recipe: Recipe, into name: String) throws -> [StepEvent] {
        var events: [StepEvent] = []
        var observer = TrainingObserver()
        observer.logged = { events.append($0) }
        try train(recipe, into: scratch[name], observer: observer)
        return events
    }

    @Test(arguments: [
        [], ["data.unlabelled.online.views=1"], ["student.model=lraspp-mobilenetv2-w0.35", "data.unlabelled.batchSize=3"],
        ["preflight.enabled=true", "optimizer.ema=0.9", "optimizer.accumulate=2"],
    ])
    func bothKindsOfImagesAreLearntFrom(_ overrides: [String]) throws {
        let events = try events(recipe(["data.unlabelled.weight=0.5"] + overrides), into: "run")
        #expect(events.count == 4)
        for event in events {
            let plain = try #require(event.unweighted)
            #expect(Set(event.losses.keys) == ["total", "task", "pseudo-labels"] && plain["pseudo-labels"]! > 0.1)
            #expect(abs(event.losses["pseudo-labels"]! - 0.5 * plain["pseudo-labels"]!) < 1e-5)
            #expect(abs(event.losses["total"]! - event.losses["task"]! - event.losses["pseudo-labels"]!) < 1e-5)
            #expect(abs(plain["pseudo-labels.sure"]! - 1) < 1e-6)
        }
        let info = try RunFolder.open(scratch["run"]).readInfo()
        #expect(info.method == "online-teacher" && info.status == .finished && info.trainingImages == 4)
    }

    /// The parameters are a supervised run's, whose running statistics have not seen these images.
    @Test func whereNobodyIsSureNothingIsLearnt() throws {
        let plain = try tinyRecipe("plain", steps: 4, overrides: ["data.loader.batchSize=2", "data.fraction=0.5"])
        try train(plain, into: scratch["plain"])
        let unsure = try events(recipe(["data.unlabelled.threshold=1"]), into: "unsure")
        #expect(unsure.allSatisfy { $0.losses["pseudo-labels"] == 0 && $0.unweighted?["pseudo-labels.sure"] == 0 })
        func weights(_ name: String) throws -> [String: Tensor] {
            try Tensor.load(scratch[name].appendingPathComponent("checkpoints/last/model.safetensors"))
        }
        let (first, second) = (try weights("plain"), try weights("unsure"))
        for (name, tensor) in first {
            let isStatistic = name.contains("running_") || name.hasSuffix("num_batches_tracked")
            #expect(tensor.equals(second[name]!) != isStatistic, "\(name)")
        }
        _ = try events(recipe(["data.unlabelled.threshold=0"]), into: "sure")
        #expect(try weights("sure").contains { name, tensor in name.hasSuffix("weight") && !tensor.equals(first[name]!) })
    }

    @Test(arguments: [
        [], ["data.unlabelled.online.views=1"], [contrast],
        ["data.unlabelled.online={burnIn: 0.5}", "student.model=lraspp-mobilenetv2-w0.35"],
    ])
    func resumingContinuesBitForBit(_ overrides: [String]) throws {
        let recipe = try recipe(steps: 6, overrides)
        try train(recipe, into: scratch["whole"])
        for step in [1, 4] {
            let folder = scratch["stopped-\(step)"]
            #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: folder, after: step) }
            try train(recipe, into: folder, existing: .resume)
            #expect(try folder.lastCheckpoint() == scratch["whole"].lastCheckpoint())
        }
    }

    /// Both kinds of images are compared, the labelled ones with their strong view too.
    @Test func theContrastLooksAtAllImages() throws {
        let events = try events(recipe([Self.contrast]), into: "run")
        #expect(events.allSatisfy { $0.losses["sskd-contrast"]! > 0 && $0.losses["pseudo-labels"]! > 0 })
        let alone = try tinyRecipe(
            "alone", steps: 1,
            overrides: ["data.loader.batchSize=2", "data.fraction=0.5", "log.every=1", Self.contrast.replacing("class", with: "uniform")])
        let lone = try self.events(alone, into: "alone")[0].losses["sskd-contrast"]!
        let both = try self.events(recipe([Self.contrast.replacing("class", with: "uniform")]), into: "both")[0].losses["sskd-contrast"]!
        // Were half of the images left out, the mean would be half as large.
        #expect(both != lone && abs(both / lone - 1) < 0.25)
    }

    private func teacher(in name: String) throws -> [String: Tensor] {
        let prefix = "onlineTeacher.average."
        let state = try Tensor.load(scratch[name].appendingPathComponent("checkpoints/last/training.safetensors"))
        return Dictionary(
            uniqueKeysWithValues: state.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }

    /// After n steps of a large decay the teacher is the mean of the n students so far.
    @Test func theTeacherIsTheMeanOfTheFirstStudents() throws {
        var students: [[String: Tensor]] = []
        for steps in 1...3 {
            let overrides = ["schedule.kind=constant", "data.unlabelled.online.decay=1"]
            _ = try events(recipe(steps: steps, overrides), into: "run-\(steps)")
            students.append(try Tensor.load(scratch["run-\(steps)/checkpoints/last/model.safetensors"]))
        }
        for (name, average) in try teacher(in: "run-3") where average.dtype.isFloatingPoint {
            let mean = (students[0][name]! + students[1][name]! + students[2][name]!) / 3.0
            let limit = 1e-10 * max(1, mean.square().sum().item())
            #expect((average - mean).square().sum().item() <= limit, "\(name)")
        }
    }

    @Test func aTeacherThatIsNamedStays() throws {
        try train(tinyRecipe("teacher", overrides: ["student.model=fcn-resnet18"]), into: scratch["teacher"])
        let guided = try recipe(["data.unlabelled.teacher=\(scratch["teacher"].path)"])
        #expect(try events(guided, into: "run").allSatisfy { $0.losses["pseudo-labels"]! > 0 })
        // Nothing of it is the student's: it says the same whatever that has learnt, here at the first step of another decay.
        let again = try events(
            recipe(["data.unlabelled.teacher=\(scratch["teacher"].path)", "data.unlabelled.online.decay=0.5"]), into: "again")
        let first = try events(recipe(), into: "own")
        #expect(again.map(\.losses) == (try events(guided, into: "third").map(\.losses)))
        #expect(again[0].losses["pseudo-labels"] != first[0].losses["pseudo-labels"])
    }

    @Test func whatCannotWorkIsRefused() throws {
        let still = #expect(throws: UserError.self) { try TrainingSetup(recipe(["student.model=espnet"])) }
        #expect(
            still?.message.contains("data.unlabelled.online.channelDropout: espnet has no channels between an encoder and a head") == true)
        #expect(throws: Never.self) { try TrainingSetup(recipe(["student.model=espnet", "data.unlabelled.online.channelDropout=0"])) }
        let masks = #expect(throws: UserError.self) { try TrainingSetup(recipe(["student.model=mask2former-small-mit-b0"])) }
        #expect(masks?.message.contains("is trained by its masks, and the teacher says the classes of pixels") == true)
        let shapes = try Shapes(at: scratch["shapes"])
        try train(shapes.recipe(steps: 1, overrides: ["data.loader.batchSize=2"]), into: scratch["objects"])
        let others = #expect(throws: UserError.self) { try TrainingSetup(recipe(["data.unlabelled.teacher=\(scratch["objects"].path)"])) }
        #expect(others?.message.contains("tells disc, square apart, the data's classes are") == true)
        #expect(others?.hint?.contains("loss.task: segmentation") == true)
        let none = #expect(throws: UserError.self) { try TrainingSetup(recipe(["data.unlabelled.images=\(scratch["nothing"].path)"])) }
        #expect(none != nil)
    }
}
