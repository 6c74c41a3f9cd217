import Foundation
import Report
import Runs
import Support
import Testing

/// What must be equal for a comparison, and what is said where it is not.
@Suite struct FairnessTests {
    let examples = ExampleRuns()

    private func add(
        _ arm: String, _ seeds: [Int] = [1, 2, 3], replacing old: String = "", with new: String = "", model: String = "small",
        name: String? = nil,
        change: (inout RunInfo) -> Void = { _ in }
    ) throws -> [RunFolder] {
        let recipe = old.isEmpty ? ExampleRuns.recipe : ExampleRuns.recipe.replacingOccurrences(of: old, with: new)
        #expect(old.isEmpty || recipe != ExampleRuns.recipe)
        return try seeds.map { seed in
            try examples.add(
                arm, method: arm.hasPrefix("kd") ? "kd" : nil, seed: seed, correct: arm.hasPrefix("kd") ? 68 : 60, model: model,
                name: "\(name ?? arm)-seed\(seed)", recipe: recipe, change: change)
        }
    }

    private func refusal(_ folders: [RunFolder], allowing: Set<Condition> = []) -> UserError? {
        do {
            _ = try Comparison(folders, allowing: allowing)
            return nil
        } catch {
            return error as? UserError
        }
    }

    @Test(arguments: [
        ("train: train", "train: [train, val]", Condition.data, "data.train"), ("root: data", "root: elsewhere", .data, "data.root"),
        ("crop: [32, 32]", "crop: [64, 64]", .augmentation, "data.augmentation.crop"),
        ("crop: [32, 32]", "crop: [32, 32], strong: {grey: 0.2}", nil, ""),
        ("precision: auto", "precision: auto, outputStride: 8", nil, ""),
        ("weights: none", "weights: a.pth", .initialization, "student.weights"),
        ("batchSize: 4", "batchSize: 8", .budget, "images seen"), ("accumulate: 1", "accumulate: 2", .budget, "optimizer.accumulate"),
        ("learningRate: 0.01", "learningRate: 0.02", .optimizer, "optimizer.learningRate"),
        ("learningRate: 0.01", "learningRate: 1.0e-2", nil, ""),
        ("every: 20", "every: 10", .evaluation, "evaluation.every"), ("metrics: []", "metrics: [boundary]", nil, ""),
        ("precision: auto", "precision: float32", .program, "student.precision"),
        ("threads: 2", "threads: 7", nil, ""), ("root: data", "root: ./data/", nil, ""),
        ("name: example", "name: other\nlog: {every: 5}", nil, ""),
        ("name: example", "name: other\nteacher: {model: big}\ndistillation: [{method: kd, weight: 2}]", nil, ""),
    ]) func whatMustBeEqual(old: String, new: String, condition: Condition?, key: String) throws {
        let folders = try add("plain") + add("kd", replacing: old, with: new)
        let refused = refusal(folders)
        guard let condition else {
            #expect(refused == nil)
            #expect(try Comparison(folders).headline?.verdict.headline.hasPrefix("Distillation by kd helped") == true)
            return
        }
        let error = try #require(refused)
        #expect(error.exitCode == .badInput && error.message.contains("kd and plain differ in \(condition.rawValue):"))
        #expect(error.message.contains(key) && error.hint?.contains("--allow \(condition.rawValue)") == true)
        let others = Set(Condition.allCases).subtracting([condition])
        #expect(refusal(folders, allowing: others) != nil)
        // Told to, it compares, but does not credit distillation.
        let comparison = try Comparison(folders, allowing: [condition])
        let difference = try #require(comparison.headline)
        #expect(difference.unequal == [condition] && difference.conditions.contains { $0.key == key })
        #expect(difference.verdict.headline.hasPrefix("kd is better than plain: +"))
        #expect(difference.verdict.headline.hasSuffix(", on unequal terms (\(condition.rawValue))"))
        #expect(comparison.text.contains("Not alike beside distillation:"))
    }

    @Test func stepsStatusAndTrainingDataComeFromTheRunItself() throws {
        let plain = try add("plain") { ($0.trainingImages, $0.trainingData, $0.precision) = (9, "a1", "bf16") }
        func refused(_ name: String, _ change: @escaping (inout RunInfo) -> Void) throws -> String {
            let kd = try add("kd", name: name) { info in
                (info.trainingImages, info.trainingData, info.precision) = (9, "a1", "bf16")
                change(&info)
            }
            return refusal(plain + kd)?.message ?? "nothing"
        }
        #expect(try refused("same") { _ in } == "nothing")
        #expect(try refused("steps") { $0.steps = 80 }.contains("images seen"))
        #expect(try refused("images") { $0.trainingImages = 8 }.contains("training images"))
        #expect(try refused("data") { $0.trainingData = "b2" }.contains("training data"))
        #expect(try refused("precision") { $0.precision = "float32" }.contains("precision"))
        // The same files in another folder are the same data.
        let moved = try add("kd", replacing: "root: data", with: "root: /mnt/data", name: "moved") {
            ($0.trainingImages, $0.trainingData, $0.precision) = (9, "a1", "bf16")
        }
        #expect(refusal(plain + moved) == nil)
        let running = try add("kd", name: "running") { ($0.trainingImages, $0.trainingData, $0.precision) = (9, "a1", "bf16") }
        try running[1].updateInfo { $0.status = .interrupted }
        #expect(refusal(plain + running)?.message.contains("finished | interrupted") == true)
    }

    @Test func otherRoundingIsShownButNotRefused() throws {
        let folders = try add("plain") + add("kd")
        for folder in folders.suffix(3) {
            try folder.writeEnvironment(RunEnvironment(segdistill: "0.1.0", libTorch: "2.11.0", device: "cpu", threads: 16))
        }
        let difference = try #require(try Comparison(folders).headline)
        #expect(difference.conditions.map(\.key) == ["threads"] && difference.unequal.isEmpty)
        #expect(difference.verdict.headline.hasPrefix("Distillation by kd helped"))
        for folder in folders.suffix(3) {
            try folder.writeEnvironment(RunEnvironment(segdistill: "0.2.0", libTorch: "2.11.0", device: "cpu", threads: 2))
        }
        #expect(refusal(folders)?.message.contains("0.2.0") == true)
    }

    /// They come with the method, but they are also more training.
    @Test(arguments: [("", "160"), (", batchSize: 6", "240")]) func unlabelledImagesAreCountedAndShown(size: String, seen: String) throws {
        let folders = try add("plain") + add("kd", replacing: "train: train", with: "train: train, unlabelled: {images: more\(size)}")
        let difference = try #require(try Comparison(folders).headline)
        #expect(difference.unequal.isEmpty && difference.conditions.map(\.key) == ["unlabelled images seen"])
        #expect(difference.conditions.first?.arm == seen && difference.conditions.first?.reference == "0")
        #expect(try Comparison(folders).text.contains("Not alike, and not refused:"))
    }

    @Test func runsOfOneArmDifferInTheirSeedOnly() throws {
        let methods = "name: example\nteacher: {model: big, checkpoint: a}\ndistillation: [{method: kd, weight: 1}]"
        func kd(_ seed: Int, _ change: (String, String)) throws -> [RunFolder] {
            try add("kd", [seed], replacing: "name: example", with: methods.replacingOccurrences(of: change.0, with: change.1))
        }
        let plain = try add("plain")
        let folders = try plain + kd(1, ("", "")) + kd(2, ("checkpoint: a", "checkpoint: b"))
        #expect(refusal(folders) == nil)
        let other = try folders + kd(3, ("weight: 1", "weight: 3"))
        let error = try #require(refusal(other))
        #expect(error.message.contains("runs of kd differ in methods:") && error.message.contains("kd-seed3: [{method: kd, weight: 3}]"))
        #expect(try Comparison(other, allowing: [.methods]).headline?.unequal == [.methods])
    }

    /// What a run has from its own earlier stages is its method's; what it has from elsewhere is another beginning.
    @Test func earlierStagesBelongToTheMethod() throws {
        func staged(_ arm: String, encoder: String) throws -> [RunFolder] {
            try [1, 2, 3].map { seed in
                let whole = "\(arm)-seed\(seed)"
                let beginning = "weights: none, freeze: encoder, encoder: \(encoder.replacingOccurrences(of: "RUN", with: whole))"
                try examples.add("kd", method: "kd", seed: seed, correct: 10, evaluated: false, name: "\(whole)/first") {
                    ($0.stage, $0.model, $0.dataset) = (.init(name: "first", number: 1, count: 2), "trunk", "photographs")
                }
                return try examples.add(
                    "kd", method: "kd", seed: seed, correct: 68, name: "\(whole)/second",
                    recipe: ExampleRuns.recipe.replacingOccurrences(of: "weights: none", with: beginning)
                ) { $0.stage = .init(name: "second", number: 2, count: 2) }
            }
        }
        let plain = try add("plain", replacing: "weights: none", with: "weights: none, freeze: none, encoder: none")
        let own = try staged("own", encoder: "runs/RUN/first")
        #expect(refusal(plain + own) == nil)
        let html = try Report(runs: plain + own).html()
        let row = ["kd", "1", "1 first", "trunk", "photographs", "kd", "finished", "40"].map { "<td>\($0)</td>" }.joined()
        #expect(html.contains("Stages</summary>") && html.contains(row) && html.contains("<td>2 second</td>"))
        let error = refusal(try plain + staged("elsewhere", encoder: "runs/other"))
        #expect(error?.message.contains("kd and plain differ in initialization:") == true)
        #expect(error?.message.contains("student.encoder") == true)
    }

    @Test func everyArmIsComparedWithThePlainStudentThatIsMostLikeIt() throws {
        let big = ("model: small", "model: big")
        let folders =
            try add("plain") + add("plain", replacing: big.0, with: big.1, model: "big", name: "plain-big")
            + add("kd") + add("kd", replacing: big.0, with: big.1, model: "big", name: "kd-big")
        let comparison = try Comparison(folders)
        #expect(comparison.differences.map(\.arm) == ["kd (small)", "kd (big)"])
        #expect(comparison.differences.map(\.reference) == ["plain (small)", "plain (big)"])
        #expect(comparison.text.contains("vs its own"))
        // A reference that is asked for holds for all.
        #expect(throws: UserError.self) { try Comparison(folders, reference: "plain (small)") }
    }

    @Test func teachersAreThereToBeUnlike() throws {
        let teacher = try examples.add(
            "teacher", role: .teacher, seed: 1, correct: 90, model: "large",
            recipe: ExampleRuns.recipe.replacingOccurrences(of: "batchSize: 4", with: "batchSize: 16"))
        #expect(try refusal([teacher] + add("plain") + add("kd")) == nil)
    }

    @Test func whatIsNotKnownIsSaid() throws {
        let kd = try add("kd", replacing: "kind: sgd, ", with: "")
        #expect(try Comparison(add("plain") + kd).text.contains("Recorded on one side only, so not compared: optimizer (optimizer.kind)."))
        for folder in kd { try Data("note: old".utf8).write(to: folder.recipeFile) }
        try FileManager.default.removeItem(at: kd[2].environmentFile)
        let text = try Comparison(RunFolder.find(in: examples.url)).text
        #expect(text.contains("no readable recipe.yaml: what kd-seed1, kd-seed2, kd-seed3 would say"))
        #expect(text.contains("no readable environment.json: what kd-seed3 would say"))
    }

    @Test func seedsWithoutAPartnerAreSaid() throws {
        let comparison = try Comparison(add("plain", [1, 2, 3]) + add("kd", [2, 3, 4, 5]))
        #expect(comparison.headline?.statistics.seeds == [2, 3])
        #expect(comparison.text.contains("Left out, as plain has no run to pair with: seeds 4, 5 of kd."))
        #expect(comparison.text.contains("Left out, as kd has no run to pair with: seed 1 of plain."))
    }

    @Test func noCommonSeedsAreSaid() throws {
        let comparison = try Comparison(add("plain", [1, 2]) + add("kd", [3, 4]))
        #expect(comparison.text.contains("kd and plain make no pairs of equal seeds"))
    }

    /// A report refuses nothing, but says it.
    @Test func reportsShowWhatDiffers() throws {
        let html = try Report(runs: add("plain") + add("kd", replacing: "batchSize: 4", with: "batchSize: 8")).html()
        #expect(html.contains("Were they treated alike?") && html.contains("<b>kd and plain differ in budget</b>"))
        #expect(html.contains("shown, on unequal terms") && html.contains("data.loader.batchSize"))
    }
}
