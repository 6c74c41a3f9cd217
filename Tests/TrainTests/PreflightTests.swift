import Foundation
import Recipes
import Runs
import Support
import Testing
import Torch
import Train

@Suite(.serialized) struct PreflightTests {
    static let teacher = "teacher: {model: espnetv2-s1.0, precision: float32}"

    private static func look(_ recipe: Recipe, known: PreflightRecord.Score? = nil) throws -> PreflightRecord {
        var preflight = try Preflight(TrainingSetup(recipe))
        preflight.known = known
        return try preflight.run()
    }

    /// Methods with a memory, random draws and an opponent have a state of their own.
    static let stateful =
        "distillation: [{method: cirkd-memory, pixelMemory: 40, regionMemory: 8}, {method: adversarial}, "
        + "{method: mgd, taps: {teacher: stage3, student: stage3}}]"

    @Test func whatMethodsRememberStaysToo() throws {
        let scratch = try Scratch()
        for name in ["true", "false"] {
            let recipe = try tinyRecipe("m", steps: 3, "\(Self.teacher)\n\(Self.stateful)", overrides: ["preflight.enabled=\(name)"])
            try train(recipe, into: scratch[name])
        }
        #expect(try scratch["true"].lastCheckpoint() == scratch["false"].lastCheckpoint())
    }

    @Test(arguments: [
        "", "optimizer.kind=adamw optimizer.ema=0.9 optimizer.accumulate=2 optimizer.learningRate=0.001 distillation.kd.start=0.5",
    ])
    func theRunIsTheSameWithAndWithout(_ overrides: String) throws {
        let scratch = try Scratch()
        let changes = overrides.split(separator: " ").map(String.init)
        let run = try train(tinyRecipe("with", ResumeTests.teacher, overrides: changes + ["preflight.enabled=true"]), into: scratch["with"])
        try train(tinyRecipe("without", ResumeTests.teacher, overrides: changes), into: scratch["without"])
        #expect(try scratch["with"].lastCheckpoint() == scratch["without"].lastCheckpoint())
        #expect(try run.readPreflight() != nil)
        #expect(!FileManager.default.fileExists(atPath: scratch["without"].appendingPathComponent("preflight.json").path))
    }

    @Test func sharesAddUpAndFollowTheWeights() throws {
        let methods = "distillation: [{method: kd, weight: 0}, {method: cwd, weight: 2, start: 0.5}]"
        func losses(_ overrides: String...) throws -> [String: PreflightRecord.Loss] {
            let changes = overrides + ["preflight.teacherImages=0"]
            let record = try Self.look(tinyRecipe("shares", "\(Self.teacher)\n\(methods)", overrides: changes))
            #expect(abs(record.losses.reduce(0) { $0 + $1.share } - 1) < 1e-9)
            #expect(abs(record.losses.reduce(0) { $0 + $1.shareAtStart } - 1) < 1e-9)
            return Dictionary(uniqueKeysWithValues: record.losses.map { ($0.name, $0) })
        }
        let found = try losses()
        #expect(found["kd"]?.share == 0 && found["kd"]?.value == nil)
        let cwd = try #require(found["cwd"])
        #expect(cwd.weightAtStart == 0 && cwd.shareAtStart == 0 && cwd.share > 0 && found["task"]?.shareAtStart == 1)
        // Of two terms, the odds are proportional to the weight.
        let tripled = try #require(losses("distillation.cwd.weight=6")["cwd"])
        #expect(tripled.value == cwd.value)
        let odds = { (share: Double) in share / (1 - share) }
        #expect(abs(odds(tripled.share) / odds(cwd.share) - 3) < 1e-4)
    }

    @Test func tooLargeAWeightIsSaidWithABetterOne() throws {
        func look(_ weight: Double) throws -> (share: Double, warning: String?) {
            let method = "distillation: [{method: cwd, weight: \(weight), taps: {teacher: stage3, student: stage3}}]"
            let record = try Self.look(tinyRecipe("heavy", "\(Self.teacher)\n\(method)", overrides: ["preflight.teacherImages=0"]))
            let share = try #require(record.losses.first { $0.name == "cwd" }).share
            return (share, record.warnings.first { $0.contains("hardly heard") })
        }
        let heavy = try look(5000)
        #expect(heavy.share > 2.0 / 3)
        let better = try #require(try heavy.warning?.firstMatch(of: Regex("A weight of ([0-9.]+) ", as: (Substring, Substring).self)))
        let light = try look(#require(Double(better.output.1)))
        // The weight is said with two digits.
        #expect(abs(light.share - 1.0 / 3) < 0.02 && light.warning == nil)
    }

    @Test func whatNoLossReachesIsNamed() throws {
        let recipe = try tinyRecipe(
            "aux", overrides: ["student.model=fcn-resnet18", "student.auxiliaryHead=true", "loss.auxiliaryWeight=0"])
        let record = try Self.look(recipe)
        #expect(record.unreached.map(\.name) == ["aux_classifier.*"])
        #expect(record.text.contains("aux_classifier.*"))
        #expect(try Self.look(tinyRecipe("all", overrides: ["student.model=fcn-resnet18"])).unreached.isEmpty)
    }

    @Test func tapsAreShownAsTheyAre() throws {
        let methods = "distillation: [{method: cwd, taps: {teacher: stage3, student: stage2}}, {method: kd}]"
        let record = try Self.look(tinyRecipe("taps", "\(Self.teacher)\n\(methods)", overrides: ["preflight.teacherImages=0"]))
        #expect(record.taps.map(\.method) == ["cwd", "kd"])
        let cwd = try #require(record.taps.first)
        #expect(cwd.teacher.shape == [4, 256, 3, 4] && cwd.teacher.stride == [16, 16])
        #expect(cwd.student.shape == [4, 64, 6, 8] && cwd.student.stride == [8, 8])
        #expect(cwd.matching == "teacher resized to 6×8, student projected 64 → 256 channels")
        #expect(record.taps[1].matching == "equal")
        #expect(record.teacher?.normalization.contains("mean 0.485 0.456 0.406") == true && record.teacher?.score == nil)
        #expect(record.cost.secondsPerStep > 0 && record.cost.steps == 6)
        #expect(record.text.contains("student projected 64 → 256 channels"))
    }

    @Test func aTeacherThatIsNoBetterIsSaidToBeSo() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("trained", steps: 4), into: scratch["trained"])
        let path = scratch["trained"].path
        let recipe = try tinyRecipe(
            "same", "teacher: {model: espnetv2-s0.5, checkpoint: \"\(path)\", precision: float32}\ndistillation: [{method: kd}]",
            overrides: ["student.checkpoint=\(path)"])
        let record = try Self.look(recipe)
        let score = try #require(record.teacher?.score)
        #expect(score.student == score.meanIoU && score.images == 2 && score.available == 2)
        #expect(record.warnings.contains { $0.contains("no better than the student") })
        // Scored once: a wrong score of the same teacher is taken as it stands.
        var known = score
        known.meanIoU = 0.875
        #expect(try Self.look(recipe, known: known).teacher?.score == known)
        known.key = "another teacher"
        #expect(try Self.look(recipe, known: known).teacher?.score == score)
    }

    @Test func aRandomTeacherIsSaidToBeSo() throws {
        let record = try Self.look(tinyRecipe("random", ResumeTests.teacher))
        #expect(record.warnings.contains { $0.contains("random weights") })
    }

    @Test func tooLittleMemoryIsRefusedWithASuggestion() throws {
        var preflight = try Preflight(TrainingSetup(tinyRecipe("large")))
        preflight.memory = 1 << 20
        let error = #expect(throws: UserError.self) { try preflight.run() }
        #expect(error?.exitCode == .outOfMemory && error?.message.contains("there are 1 MiB") == true)
        #expect(error?.hint?.contains("data.augmentation.crop=[24, 32]") == true)
    }

    @Test func eventsHoldTermsAndShares() throws {
        let scratch = try Scratch()
        let run = try train(
            tinyRecipe("events", ResumeTests.teacher, overrides: ["log.gradientShare=4"]), into: scratch["run"])
        let steps = try EventLog.read(run).compactMap { if case .step(let event) = $0 { event } else { nil } }
        #expect(steps.map { $0.gradientShares != nil } == [false, true, false])
        let shares = try #require(steps[1].gradientShares)
        #expect(Set(shares.keys) == ["task", "kd", "cwd"] && abs(shares.values.reduce(0, +) - 1) < 1e-9)
        for step in steps {
            let (weighted, plain) = (try #require(step.losses["cwd"]), try #require(step.unweighted?["cwd"]))
            #expect(abs(weighted - 3 * plain) < 1e-5 * weighted)
        }
    }

    /// Measuring takes no part in training.
    @Test func sharesDoNotChangeTheRun() throws {
        let scratch = try Scratch()
        for (name, every) in [("often", 1), ("never", 0)] {
            try train(
                tinyRecipe("s", ResumeTests.teacher, overrides: ["log.gradientShare=\(every)"]), into: scratch[name])
        }
        #expect(try scratch["often"].lastCheckpoint() == scratch["never"].lastCheckpoint())
    }
}
