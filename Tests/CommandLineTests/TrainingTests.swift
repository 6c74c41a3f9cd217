import Foundation
import Testing
import Vision

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Training as a user runs it, on eight small street scenes: the whole path, and everything that may cut it short.
@Suite(.serialized) struct TrainingTests {
    private static func recipe(_ folder: URL, _ extra: String = "") throws -> String {
        let text = """
            name: tiny
            threads: 2
            data:
              dataset: street-scenes
              count: 8
              evaluationCount: 3
              size: [48, 64]
              loader: {batchSize: 4, threads: 1}
              augmentation: {scale: [0.8, 1.2]}
            student: {model: espnetv2-s0.5}
            optimizer: {kind: adamw, learningRate: 0.002, ema: 0.9}
            schedule: {steps: 12}
            evaluation: {every: 4, batchSize: 3}
            log: {every: 1}
            checkpoint: {every: 1}
            \(extra)
            """
        let file = folder.appendingPathComponent("tiny-\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    private static func last(_ run: URL) throws -> [Data] {
        try ["model.safetensors", "training.safetensors", "position.json"].map {
            try Data(contentsOf: run.appendingPathComponent("checkpoints/last/\($0)"))
        }
    }

    @Test func theWholePath() throws {
        try withFolder { folder in
            let runs = folder.appendingPathComponent("runs")
            let plain = try Self.recipe(folder)
            let distilled = try Self.recipe(
                folder, "teacher: {model: espnetv2-s0.5, checkpoint: \"\(runs.path)/teacher\"}\ndistillation: [{method: kd}, {method: cwd}]"
            )
            var commands = [["train", plain, "name=teacher", "role=teacher", "--out", "\(runs.path)/teacher"]]
            for seed in 1...2 {
                commands.append(["train", plain, "name=plain", "seed=\(seed)", "--out", "\(runs.path)/plain-seed\(seed)"])
                commands.append(["distill", distilled, "name=kd-cwd", "seed=\(seed)", "--out", "\(runs.path)/kd-seed\(seed)"])
            }
            for command in commands {
                let result = try Tool.run(command)
                #expect(result.status == 0, "\(command): \(result.errors)")
            }
            let scores = try Tool.run("evaluate", "\(runs.path)/plain-seed1")
            #expect(scores.status == 0 && scores.output.contains("mIoU") && scores.output.contains("bicyclist"), "\(scores.errors)")
            let comparison = try Tool.run("compare", runs.path, "--json")
            let json = try JSONSerialization.jsonObject(with: Data(comparison.output.utf8))
            #expect(comparison.status == 0 && json is [String: Any])
            try Self.longerTrainingIsRefused(folder, runs)
            let page = folder.appendingPathComponent("report.html")
            #expect(try Tool.run("report", runs.path, "--out", page.path).status == 0)
            #expect(try String(contentsOf: page, encoding: .utf8).contains("kd-cwd"))
            let pictures = folder.appendingPathComponent("pictures")
            let image = folder.appendingPathComponent("street.jpg")
            try Image(width: 80, height: 60, filledWith: 90).write(to: image)
            let prediction = try Tool.run("predict", "\(runs.path)/kd-seed1", image.path, "--out", pictures.path)
            #expect(prediction.status == 0, "\(prediction.errors)")
            #expect(try !FileManager.default.contentsOfDirectory(atPath: pictures.path).isEmpty)
        }
    }

    /// Distilled runs that say they took more steps than the plain ones.
    private static func longerTrainingIsRefused(_ folder: URL, _ runs: URL) throws {
        let unfair = folder.appendingPathComponent("unfair")
        try FileManager.default.copyItem(at: runs, to: unfair)
        for seed in 1...2 {
            let file = unfair.appendingPathComponent("kd-seed\(seed)/run.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            let longer = text.replacingOccurrences(of: "\"steps\":12", with: "\"steps\":24")
            #expect(longer != text)
            try Data(longer.utf8).write(to: file)
        }
        let refused = try Tool.run("compare", unfair.path)
        #expect(refused.status == 65 && refused.errors.contains("kd-cwd and plain differ in budget:"), "\(refused.errors)")
        #expect(refused.errors.contains("--allow budget"))
        let allowed = try Tool.run("compare", unfair.path, "--allow", "budget", "--classes")
        #expect(allowed.status == 0 && allowed.output.contains("on unequal terms (budget)"), "\(allowed.errors)")
        let misspelt = try Tool.run("compare", unfair.path, "--allow", "bugdet")
        #expect(misspelt.status == 64 && misspelt.errors.contains("Did you mean “budget”?"))
    }

    /// Killed again and again at any moment, the run ends with the very bytes of one that was left alone.
    @Test func killedAndResumedEqualsUninterrupted() throws {
        try withFolder { folder in
            let recipe = try Self.recipe(folder)
            let whole = folder.appendingPathComponent("whole")
            let killed = folder.appendingPathComponent("killed")
            #expect(try Tool.run("train", recipe, "--out", whole.path).status == 0)
            var kills = 0
            var status: Int32 = -1
            while status != 0 {
                let process = try Self.start(["train", recipe, "--out", killed.path, "--resume"])
                if kills < 6 {
                    usleep(UInt32.random(in: 300_000...1_500_000))
                    kill(process.processIdentifier, SIGKILL)
                    kills += 1
                }
                process.waitUntilExit()
                status = process.terminationReason == .exit ? process.terminationStatus : -1
                guard status == 0 || status == -1 else {
                    Issue.record("resuming ended with \(status)")
                    return
                }
            }
            #expect(try Self.last(killed) == Self.last(whole))
        }
    }

    @Test func controlCSavesAndSaysHowToGoOn() throws {
        try withFolder { folder in
            let recipe = try Self.recipe(folder)
            let run = folder.appendingPathComponent("run")
            let process = try Self.start(["train", recipe, "--out", run.path, "schedule.steps=4000"])
            let link = run.appendingPathComponent("checkpoints/last").path
            for _ in 0..<600 where !FileManager.default.fileExists(atPath: link) { usleep(50_000) }
            kill(process.processIdentifier, SIGINT)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 75)
        }
    }

    /// A file that may not grow stands for a full disk: the write fails half-way.
    @Test func aFailedWriteLeavesTheCheckpointIntact() throws {
        try withFolder { folder in
            let recipe = try Self.recipe(folder)
            let run = folder.appendingPathComponent("run")
            let limited = "trap '' XFSZ; ulimit -f 300; exec \"$0\" train \"$@\""
            #expect(try Tool.run("train", recipe, "--out", run.path).status == 0)
            let before = try Self.last(run)
            let failed = try Tool.run(
                ["-c", limited, Tool.executable.path, recipe, "--out", run.path + "-2"], environment: [:],
                executable: URL(fileURLWithPath: "/bin/sh"))
            #expect(failed.status == 65 && failed.errors.contains("cannot write"), "\(failed.status): \(failed.errors)")
            let resumed = try Tool.run("train", recipe, "--out", run.path + "-2", "--resume")
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(try Self.last(URL(fileURLWithPath: run.path + "-2")) == before)
        }
    }

    @Test func aPlanShowsTheLossesAndWritesNothing() throws {
        try withFolder { folder in
            let methods = "teacher: {model: espnetv2-s0.5}\ndistillation: [{method: cwd, taps: {teacher: stage3, student: stage2}}]"
            let recipe = try Self.recipe(folder, methods)
            let run = folder.path + "/run"
            let plan = try Tool.run("distill", "--plan", recipe, "--out", run)
            #expect(plan.status == 0, "\(plan.errors)")
            for words in [
                "frozen, in eval mode", "validation mIoU", "teacher resized to 6×8, student projected 64 → 128 channels",
                "share of the gradient",
                "12 steps of", "memory at most", "warning: The teacher has random weights",
            ] { #expect(plan.output.contains(words), "\(words): \(plan.output)") }
            #expect(!FileManager.default.fileExists(atPath: run))
            #expect(try Tool.run("distill", "--plan", recipe, "--resume").status == 64)
            let replay = try Tool.run("distill", recipe, "--replay", folder.path + "/none.safetensors")
            #expect(replay.status == 65 && replay.errors.contains("none.safetensors"), "\(replay.errors)")
        }
    }

    @Test func aLossThatIsNoNumberIsKeptAndShown() throws {
        try withFolder { folder in
            let recipe = try Self.recipe(folder)
            let run = folder.path + "/run"
            let training = try Tool.run("train", recipe, "--out", run, "optimizer.kind=sgd", "optimizer.learningRate=1e25")
            #expect(
                training.status == 70 && training.errors.contains("diverged at step") && training.errors.contains("--replay \(run)/replay/")
            )
            let kept = try FileManager.default.contentsOfDirectory(atPath: run + "/replay")
            let shown = try Tool.run("train", run + "/recipe.yaml", "--replay", "\(run)/replay/\(kept[0])")
            #expect(shown.status == 0 && shown.output.contains("task") && shown.output.contains("nan"), "\(shown.errors)")
        }
    }

    @Test func aDeviceThatIsNotThereIsRefused() throws {
        try withFolder { folder in
            let result = try Tool.run("train", try Self.recipe(folder), "device=cuda:97", "--out", folder.path + "/run")
            #expect(result.status == 65 && result.errors.contains("device cuda:97 is not there"))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
        }
    }

    private static func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = Tool.executable
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
