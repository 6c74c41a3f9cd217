import Foundation
import Recipes
import Runs
import Support
import Testing
import Train

/// Interrupted and resumed equals uninterrupted, bit for bit.
@Suite(.serialized) struct ResumeTests {
    static let teacher = "teacher: {model: espnetv2-s1.0, precision: float32}\ndistillation: [{method: kd}, {method: cwd, weight: 3}]"

    @Test(arguments: [
        ("plain sgd", ""),
        ("adamw, average, accumulation", "optimizer.kind=adamw optimizer.ema=0.9 optimizer.accumulate=2 optimizer.learningRate=0.001"),
        ("clipped, cosine, warm-up", "optimizer.clip=1 schedule.kind=cosine schedule.warmup.steps=2"),
        ("bf16", "student.precision=bf16"),
    ])
    func resumingContinuesBitForBit(_ name: String, _ overrides: String) throws {
        try check(tinyRecipe("resume", overrides: overrides.split(separator: " ").map(String.init)))
    }

    @Test func distillationResumesWithItsProjectors() throws {
        try check(tinyRecipe("resume", Self.teacher))
    }

    /// A discriminator with its optimiser, queues of earlier images, and masks that are drawn anew each step.
    @Test(arguments: [
        "{method: adversarial}", "{method: cirkd-memory, pixelMemory: 40, regionMemory: 8}",
        "{method: mgd, taps: {teacher: stage3, student: stage3}}",
    ])
    func methodsThatRememberResumeBitForBit(_ method: String) throws {
        try check(tinyRecipe("resume", "teacher: {model: espnetv2-s1.0, precision: float32}\ndistillation: [\(method)]"))
    }

    private func check(_ recipe: Recipe) throws {
        let scratch = try Scratch()
        try train(recipe, into: scratch["whole"])
        let expected = try scratch["whole"].lastCheckpoint()
        for step in [1, 3, 4] {
            let folder = scratch["stopped-\(step)"]
            let error = #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: folder, after: step) }
            #expect(error?.exitCode == .interrupted)
            #expect(try RunFolder.open(folder).readInfo().status == .interrupted)
            try train(recipe, into: folder, existing: .resume)
            #expect(try folder.lastCheckpoint() == expected, "stopped after step \(step)")
            let (stopped, whole) = (try EventLog.read(RunFolder.open(folder)), try EventLog.read(RunFolder.open(scratch["whole"])))
            #expect(stopped.map(\.step) == whole.map(\.step))
        }
    }

    @Test func sameSeedGivesTheSameRunAndAnotherSeedAnother() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("a"), into: scratch["a"])
        try train(tinyRecipe("b"), into: scratch["b"])
        try train(tinyRecipe("c", seed: 2), into: scratch["c"])
        #expect(try scratch["a"].lastCheckpoint() == scratch["b"].lastCheckpoint())
        #expect(try scratch["a"].lastCheckpoint()[0] != scratch["c"].lastCheckpoint()[0])
    }

    /// A method of weight 0 must leave no trace: not in the initial weights, the order, nor dropout.
    @Test func theTeacherConsumesNoneOfTheStudentsRandomNumbers() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("plain"), into: scratch["plain"])
        try train(
            tinyRecipe("idle", Self.teacher, overrides: ["distillation.kd.weight=0", "distillation.cwd.weight=0"]), into: scratch["idle"])
        #expect(try scratch["plain"].lastCheckpoint()[0] == scratch["idle"].lastCheckpoint()[0])
    }

    @Test func anotherSeedCannotResume() throws {
        let scratch = try Scratch()
        #expect(throws: Interrupted.self) { try trainAndInterrupt(tinyRecipe("a"), into: scratch["a"], after: 2) }
        let error = #expect(throws: UserError.self) { try train(tinyRecipe("a", seed: 9), into: scratch["a"], existing: .resume) }
        #expect(error?.message.contains("seed was 1, now 9") == true)
    }
}
