import Foundation
import Recipes
import Runs
import Support
import Testing
import Torch
import Train

/// Networks that predict masks are trained by their own criterion.
@Suite(.serialized) struct MaskTrainingTests {
    private func recipe(_ extra: String = "", steps: Int = 6, overrides: [String] = []) throws -> Recipe {
        try tinyRecipe(
            "masks", steps: steps, extra,
            overrides: [
                "student.model=mask2former-small-resnet18", "student.headChannels=32", "optimizer.kind=adamw",
                "optimizer.learningRate=0.001",
                "loss.masks.points=256",
            ] + overrides)
    }

    private func events(_ recipe: Recipe) throws -> (run: RunFolder, events: [StepEvent]) {
        let scratch = try Scratch()
        var events: [StepEvent] = []
        var observer = TrainingObserver()
        observer.logged = { events.append($0) }
        return (try train(recipe, into: scratch["run"], observer: observer), events)
    }

    @Test func aNetworkLearnsItsMasks() throws {
        let (_, events) = try events(recipe(steps: 40, overrides: ["evaluation.every=40", "log.every=8"]))
        let (first, last) = (try #require(events.first), try #require(events.last))
        #expect(last.losses["task"]! < 0.8 * first.losses["task"]!)
        for event in events {
            // Four layers: three and the queries themselves.
            let unweighted = try #require(event.unweighted)
            let parts = try ["class", "mask", "dice"].map { try #require(unweighted["task.\($0)"]) }
            let (sum, task) = (2 * parts[0] + 5 * parts[1] + 5 * parts[2], try #require(event.losses["task"]))
            #expect(abs(sum - task) < 1e-3 * task)
            #expect(parts[2] < 4)
        }
    }

    @Test(arguments: [
        "",
        "teacher: {model: espnetv2-s1.0, precision: float32}\ndistillation: [{method: kd}, {method: cwd, taps: {teacher: features, student: stage4}}]",
    ])
    func resumingContinuesBitForBit(_ extra: String) throws {
        let scratch = try Scratch()
        let recipe = try recipe(extra, overrides: ["preflight.enabled=true"])
        try train(recipe, into: scratch["whole"])
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: 3) }
        try train(recipe, into: scratch["stopped"], existing: .resume)
        #expect(try scratch["stopped"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
    }

    @Test func theHeadLearnsOnAFrozenEncoder() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("encoder", steps: 2, overrides: ["student.model=fcn-resnet18"]), into: scratch["encoder"])
        let overrides = ["student.encoder=\(scratch["encoder"].path)", "student.freeze=encoder", "preflight.enabled=true"]
        let run = try train(recipe(overrides: overrides), into: scratch["run"])
        #expect(try run.readInfo().status == .finished)
        #expect(try run.readPreflight()?.unreached.isEmpty == true)
    }

    @Test func crossEntropyIsStillThere() throws {
        let (_, events) = try events(recipe(overrides: ["loss.criterion=crossEntropy"]))
        #expect(events.allSatisfy { $0.unweighted?["task.mask"] == nil && $0.losses["task"]! < 10 })
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let other = #expect(throws: UserError.self) { try TrainingSetup(tinyRecipe("x", overrides: ["loss.criterion=masks"])) }
        #expect(other?.message.contains("does not predict masks") == true)
        let weights = "loss.classWeights=[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"
        let error = #expect(throws: UserError.self) { try TrainingSetup(recipe(overrides: [weights])) }
        #expect(error?.message.contains("trained by its masks") == true)
    }
}
