import Foundation
import Recipes
import Runs
import Support
import Testing
import Train

/// Training from a teacher's cache.
@Suite(.serialized) struct TeacherCacheTests {
    private func recipe(_ folder: URL, seed: Int = 1, type: String = "float32", cached: Bool = true, _ overrides: [String] = []) throws
        -> Recipe
    {
        let cache = cached ? ", cache: {folder: \(folder.path), type: \(type)}" : ""
        let methods = """
            teacher: {model: espnetv2-s1.0, precision: float32\(cache)}
            distillation: [{method: kd}, {method: cwd, weight: 3}, {method: at, taps: {teacher: stage3, student: stage3}}]
            """
        return try tinyRecipe("cached", seed: seed, methods, overrides: overrides)
    }

    private static let still = ["data.augmentation.scale=[1, 1]", "data.augmentation.flip=0", "log.every=1"]

    private func losses(_ recipe: Recipe, _ folder: URL) throws -> [[String: Double]] {
        var losses: [[String: Double]] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses) }
        try train(recipe, into: folder, observer: observer)
        return losses
    }

    @Test(arguments: [("float32", 1e-5), ("float16", 2e-3)])
    func withoutAugmentationItGivesWhatTheLivingTeacherGives(_ type: String, _ tolerance: Double) throws {
        let scratch = try Scratch()
        let live = try losses(recipe(scratch["cache"], cached: false, Self.still), scratch["live"])
        let cached = try losses(recipe(scratch["cache"], type: type, Self.still), scratch["cached"])
        #expect(live.count == cached.count && live[0].count == 5)
        // The first step, before differences of rounding have trained anything.
        for (name, value) in live[0] { #expect(abs(cached[0][name]! - value) <= tolerance * abs(value), "\(name)") }
    }

    @Test func augmentedRunsResumeBitForBitAndFillOnlyOnce() throws {
        let scratch = try Scratch()
        let recipe = try recipe(scratch["cache"], ["data.augmentation.flip=0.5"])
        var filled = 0
        var observer = TrainingObserver()
        observer.cached = { _, _ in filled += 1 }
        try train(recipe, into: scratch["whole"], observer: observer)
        #expect(filled == 8)
        let expected = try scratch["whole"].lastCheckpoint()
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: 3) }
        try train(recipe, into: scratch["stopped"], existing: .resume, observer: observer)
        #expect(filled == 8)
        #expect(try scratch["stopped"].lastCheckpoint() == expected)
    }

    @Test func anInterruptedFillingGoesOn() throws {
        let scratch = try Scratch()
        try train(recipe(scratch["one"]), into: scratch["whole"])
        let recipe = try recipe(scratch["two"])
        var seen: [Int] = []
        var observer = TrainingObserver()
        observer.cached = { done, _ in
            seen.append(done)
            if done == 3 { Interruption.request() }
        }
        let error = #expect(throws: Interrupted.self) { try train(recipe, into: scratch["run"], observer: observer) }
        #expect(error?.step == 0)
        #expect(try RunFolder.open(scratch["run"]).readInfo().status == .interrupted)
        try train(recipe, into: scratch["run"], existing: .resume, observer: observer)
        #expect(seen == Array(1...8))
        #expect(try scratch["run"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
    }

    @Test func aCacheOfSomethingElseIsRefusedBeforeTraining() throws {
        let scratch = try Scratch()
        let folder = scratch["cache"]
        try train(recipe(folder), into: scratch["run"])
        func refusal(_ recipe: Recipe) -> String {
            do {
                _ = try TrainingSetup(recipe)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(try refusal(recipe(folder)) == "none")
        // Another seed draws other weights, another size other images.
        #expect(try refusal(recipe(folder, seed: 2)).contains("its weights ("))
        #expect(try refusal(recipe(folder, ["data.size=[48, 80]"])).contains("the first image ("))
        #expect(try refusal(recipe(folder, ["data.count=9"])).contains("the number of images (8 in the cache, 9 now)"))
        #expect(
            try refusal(recipe(folder, ["teacher.cache.size=[96, 128]"])).contains(
                "the size of its input (its own in the cache, 128×96 now)"))
        #expect(try refusal(recipe(folder, ["distillation.at.taps.teacher=stage2"])).contains("the taps ("))
        #expect(try refusal(recipe(folder, ["teacher.cache.topK=4"])).contains("topK ("))
        #expect(try refusal(recipe(folder, type: "float16")).contains("type (float32 in the cache, float16 now)"))
        // A method less needs less.
        let fewer = try recipe(folder)
        var less = fewer
        less.distillation.removeLast()
        #expect(refusal(less) == "none")
    }

    @Test func recipesThatMakeNoSenseAreRefused() throws {
        let scratch = try Scratch()
        #expect(
            "\(#expect(throws: RecipeError.self) { try recipe(scratch["c"], ["data.augmentation.mix={kind: cutMix}"]) }!)".contains(
                "mixed images"))
        #expect(
            "\(#expect(throws: RecipeError.self) { try recipe(scratch["c"], ["student.cache={folder: x}"]) }!)".contains("student.cache"))
        var features = try recipe(scratch["c"], ["teacher.cache.topK=4"])
        features.distillation.removeFirst(2)
        let error = #expect(throws: UserError.self) { try TrainingSetup(features) }
        #expect(error?.message.contains("no method reads the teacher's logits") == true)
    }
}
