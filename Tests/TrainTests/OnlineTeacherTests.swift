import Foundation
import Recipes
import Runs
import SegData
import SegModels
import Support
import Testing
import Torch
import Train

/// A teacher that follows the student while both learn.
@Suite(.serialized) struct OnlineTeacherTests {
    private let scratch: Scratch
    private let shapes: Shapes

    /// Six images, half of them labelled.
    init() throws {
        scratch = try Scratch()
        shapes = try Shapes(
            at: scratch["shapes"],
            (0..<6).map { [.disc(14 + 6 * $0, 20, radius: 8), .square(8 + 5 * $0, 38, side: 12)] })
    }

    private func recipe(steps: Int = 4, _ overrides: String...) throws -> Recipe {
        let data = ["data.loader.batchSize=2", "data.fraction=0.5", "data.unlabelled={online: {burnIn: 0.5, decay: 0.9}, threshold: 0}"]
        return try shapes.recipe(steps: steps, overrides: data + overrides)
    }

    private func events(_ recipe: Recipe, into folder: URL) throws -> [StepEvent] {
        var events: [StepEvent] = []
        var observer = TrainingObserver()
        observer.logged = { events.append($0) }
        try train(recipe, into: folder, observer: observer)
        return events
    }

    @Test("nothing is learnt from unlabelled images before the burn-in is over, when nobody guides it")
    func burnIn() throws {
        let events = try events(recipe(), into: scratch["run"])
        #expect(events.map { $0.losses["pseudo-labels"]! > 0 } == [false, false, true, true])
        for event in events { #expect(abs(event.losses["total"]! - event.losses["task"]! - event.losses["pseudo-labels"]!) < 1e-3) }
        #expect(try RunFolder.open(scratch["run"]).readInfo().method == "online-teacher")
    }

    @Test("methods have their whole weight on the labelled images while there is nobody to ask")
    func methodsInTheBurnIn() throws {
        TorchRandom.seed(3)
        try Tensor.save(Models.backbone("resnet18").stateDict(), to: scratch["teacher.safetensors"])
        let methods = [
            "teacher={model: resnet18, weights: \(scratch["teacher.safetensors"].path), precision: float32}",
            "distillation=[{method: fitnet, taps: {teacher: stage4, student: stage4}}]",
        ]
        let alone = try shapes.recipe(steps: 4, overrides: ["data.loader.batchSize=2", "data.fraction=0.5"] + methods)
        let first = try events(alone, into: scratch["alone"])[0]
        let beside = try events(recipe(methods[0], methods[1]), into: scratch["run"])[0]
        let (expected, found) = (try #require(first.losses["fitnet"]), try #require(beside.losses["fitnet"]))
        #expect(abs(found - expected) <= 1e-5 * expected && expected > 0)
    }

    @Test("another network guides the burn-in; a step with no object learns that there is none")
    func guide() throws {
        try train(shapes.recipe(steps: 2, overrides: ["data.loader.batchSize=2"]), into: scratch["teacher"])
        let guided = try recipe(
            "data.unlabelled.teacher=\(scratch["teacher"].path)", "data.unlabelled.threshold=1", "data.unlabelled.weight=2")
        for event in try events(guided, into: scratch["run"]) {
            let plain = try #require(event.unweighted)
            #expect(plain["pseudo-labels.mask"] == 0 && plain["pseudo-labels.class"]! > 0)
            #expect(abs(event.losses["pseudo-labels"]! - 2 * plain["pseudo-labels"]!) < 1e-4 * plain["pseudo-labels"]!)
        }
    }

    /// The teacher's weights, by the student's names.
    private func teacher(in folder: URL) throws -> [String: Tensor] {
        let prefix = "onlineTeacher.average."
        let state = try Tensor.load(folder.appendingPathComponent("checkpoints/last/training.safetensors"))
        let own = state.filter { $0.key.hasPrefix(prefix) }
        return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }

    @Test("after the burn-in it is the student as it was then, and follows it as fast as the decay says")
    func average() throws {
        // The decay plays no part in a student that never hears its teacher.
        func run(_ name: String, _ overrides: String...) throws -> (student: [String: Tensor], teacher: [String: Tensor]) {
            let recipe = try shapes.recipe(
                steps: 4,
                overrides: [
                    "data.loader.batchSize=2", "data.fraction=0.5", "data.unlabelled={online: {burnIn: 0.5}, weight: 0}",
                    "checkpoint.every=1",
                ] + overrides)
            try train(recipe, into: scratch[name])
            return (try Tensor.load(scratch["\(name)/checkpoints/last/model.safetensors"]), try teacher(in: scratch[name]))
        }
        let key = "backbone.stem.conv.weight"
        let fast = try run("fast", "data.unlabelled.online.decay=0")
        let name = try #require(fast.teacher.keys.contains(key) ? key : fast.teacher.keys.sorted().first { $0.hasSuffix(".weight") })
        #expect(fast.teacher[name]!.array(of: Float.self) == fast.student[name]!.array(of: Float.self))
        let still = try run("still", "data.unlabelled.online.decay=1")
        let half = try run(
            "half", "data.unlabelled.online.decay=1", "schedule.steps=2", "evaluation.every=2", "data.unlabelled.online.burnIn=1")
        #expect(still.student[name]!.array(of: Float.self) == fast.student[name]!.array(of: Float.self))
        #expect(still.teacher[name]!.array(of: Float.self) == half.student[name]!.array(of: Float.self))
    }

    @Test(arguments: [1, 4])
    func resumingContinuesBitForBit(_ step: Int) throws {
        let recipe = try recipe(steps: 6, "checkpoint.every=1")
        try train(recipe, into: scratch["whole"])
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: step) }
        try train(recipe, into: scratch["stopped"], existing: .resume)
        #expect(try scratch["stopped"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
    }

    @Test("a guide that knows other objects")
    func otherClasses() throws {
        try train(tinyRecipe("pixels", steps: 2, overrides: ["student.model=fcn-resnet18"]), into: scratch["pixels"])
        let error = #expect(throws: UserError.self) { try TrainingSetup(recipe("data.unlabelled.teacher=\(scratch["pixels"].path)")) }
        #expect(error?.message.contains("the data's objects are disc, square") == true)
    }
}
