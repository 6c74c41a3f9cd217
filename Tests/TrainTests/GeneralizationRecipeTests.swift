import Foundation
import Recipes
import Runs
import SegModels
import Support
import Testing
import Torch
import Train

/// The recipes of GKD's experiments: one source, several targets.
@Suite(.serialized) struct GeneralizationRecipeTests {
    private static let folder = FullScaleRecipeTests.recipes.appendingPathComponent("gkd")
    private static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    static let names = files.filter { !$0.hasSuffix("-gkd") }
    static let stagedNames = files.filter { $0.hasSuffix("-gkd") }
    /// Of each experiment the targets, by their names.
    static let targets = [
        "gta5": ["cityscapes", "bdd100k", "mapillary"], "acdc": ["night", "snow", "fog", "rain"], "potsdam": ["potsdam-irrg", "vaihingen"],
    ]

    private func load(_ name: String, _ overrides: [String] = []) throws -> RecipeDocument {
        try Recipe.load(Self.folder.appendingPathComponent(name + ".yaml").path, overrides: overrides, catalog: .standard)
    }

    @Test func everyExperimentHasATeacherAndAPlainStudent() throws {
        for (experiment, targets) in Self.targets {
            let arms = Self.names.filter { $0.hasPrefix(experiment + "-") }
            #expect(Set(arms).isSuperset(of: ["\(experiment)-teacher", "\(experiment)-plain"]))
            let teacher = try load("\(experiment)-teacher").recipe
            #expect(teacher.role == .teacher)
            let stages = Self.stagedNames.filter { $0.hasPrefix(experiment + "-") }
            #expect(stages.contains("\(experiment)-gkd"))
            let heads = try stages.map { ($0, try #require(try staged($0).stages.last?.recipe)) }
            for (name, recipe) in try arms.map({ ($0, try load($0).recipe) }) + heads {
                #expect(recipe.name == name && recipe.data.targets.map(\.name) == targets, "\(name)")
                // Tested alike: what compare asks for.
                #expect(recipe.data.targets == teacher.data.targets && recipe.evaluation == teacher.evaluation, "\(name)")
            }
        }
    }

    /// Two steps and the test on all targets, on small networks of the same families.
    @Test(arguments: names) func twoStepsOnMiniatures(name: String) throws { try train(name) }

    /// The competitors of the recipes' page.
    @Test(arguments: ["fitnet", "cwd", "af-dcd", "vitkd"]) func inOneStage(method: String) throws {
        let taps = method == "vitkd" ? "" : ", taps: {teacher: stage4, student: stage4}"
        try train(
            "potsdam-plain",
            [
                "teacher.model=mask2former-small-deit-tiny", "teacher.headChannels=32", "distillation=[{method: \(method)\(taps)}]",
                "optimizer.groups=[{match: \"backbone.*\", learningRateScale: 0.1}]",
            ])
    }

    private func staged(_ name: String, _ overrides: [String] = []) throws -> StagedRecipe {
        let path = Self.folder.appendingPathComponent(name + ".yaml").path
        return try #require(try StagedRecipe.load(path, overrides: overrides, catalog: .standard))
    }

    /// All stages of two steps each, and the test, on small networks.
    @Test(arguments: stagedNames) func stagesOnMiniatures(name: String) throws {
        let scratch = try Scratch()
        let full = try staged(name)
        #expect(full.names.suffix(2) == ["domain-agnostic", "head"])
        let head = full.stages.last!.recipe
        let (large, small) = name.contains("eva02") ? ("eva02-tiny", "eva02-tiny") : ("deit-tiny", "deit-tiny-distilled")
        let teacher = scratch["teacher.safetensors"]
        try Tensor.save(Models.backbone(large).stateDict(), to: teacher)
        var overrides = ["threads=1", "checkpoint.every=2", "log.every=1", "log.tensorboard=false", "preflight.enabled=false"]
        overrides += ["data.root=\(try MiniatureDataset(head.data.dataset.name, at: scratch["source"]).root.path)", "data.train=train"]
        for stage in full.names {
            let side = stage == "task-agnostic" ? 112 : 64
            var changes = [
                "data.augmentation.shortSide=[\(side)]", "data.augmentation.crop=[\(side), \(side)]", "data.loader.batchSize=2",
                "data.loader.threads=1", "evaluation.size=[\(side), \(side)]", "evaluation.every=2", "schedule.steps=2",
            ]
            if stage == "head" {
                changes += ["evaluation.window=[64, 64]", "evaluation.stride=[32, 32]", "student.headChannels=32"]
                changes.append("student.model=mask2former-small-\(small)")
            } else {
                changes += ["evaluation.batchSize=1", "schedule.epochs=none", "optimizer.accumulate=1", "teacher.weights=\(teacher.path)"]
                changes += ["teacher.model=\(large)", "student.model=\(small)"]
            }
            if stage == "task-agnostic" {
                changes.append("data.root=\(try MiniatureDataset("imagenet", at: scratch["imagenet"]).root.path)")
            }
            if stage == full.names[0] { changes.append("student.weights=none") }
            overrides += changes.map { "stages.\(stage).\($0)" }
        }
        overrides += try miniatures(of: head.data.targets, scratch).map { "stages.head.\($0)" }
        // An image of the source among the last stage's targets is found before the first begins.
        if name == "potsdam-gkd" {
            let shared = ["root=\(scratch["source"].path)", "test=train"].map { "stages.head.data.targets.potsdam-irrg.\($0)" }
            let wrong = try StagedTraining(staged("potsdam-gkd", overrides + shared), into: scratch["wrong"])
            let error = #expect(throws: UserError.self) { try wrong.check() }
            #expect(error?.message.contains("'potsdam-irrg' has 2 images of the source's training data") == true)
        }
        let training = try StagedTraining(staged(name, overrides), into: scratch["run"])
        try training.check()
        try training.run()
        let domains = try #require(try RunFolder.open(scratch["run/head"]).readMetrics(named: "test").domains)
        #expect(domains.domains.map(\.name) == head.data.targets.map(\.name) && domains.gap != nil)
    }

    /// Miniatures of the targets; overrides that name them.
    private func miniatures(of targets: [TargetRecipe], _ scratch: Scratch) throws -> [String] {
        try targets.flatMap { target in
            let folder = scratch["\(target.data.dataset.name)-\(URL(fileURLWithPath: target.data.root).lastPathComponent)"]
            if !FileManager.default.fileExists(atPath: folder.path) { _ = try MiniatureDataset(target.data.dataset.name, at: folder) }
            return ["root=\(folder.path)", "evaluationSize=[64, 96]"].map { "data.targets.\(target.name).\($0)" }
        }
    }

    private func train(_ name: String, _ changes: [String] = []) throws {
        let scratch = try Scratch()
        let full = try load(name).recipe
        let source = try MiniatureDataset(full.data.dataset.name, at: scratch["source"])
        var overrides = [
            "data.root=\(source.root.path)", "data.train=train", "data.augmentation.shortSide=[64]", "data.augmentation.crop=[64, 64]",
            "data.loader.batchSize=2", "data.loader.threads=1", "evaluation.size=[64, 64]", "evaluation.window=[64, 64]",
            "evaluation.stride=[32, 32]", "evaluation.every=2", "checkpoint.every=2", "log.every=1", "log.tensorboard=false",
            "schedule.steps=2", "threads=1", "preflight.enabled=false", "student.weights=none", "student.reinitialize=",
            "student.freeze=none", "student.model=mask2former-small-deit-tiny-distilled", "student.headChannels=32",
        ]
        overrides += try miniatures(of: full.data.targets, scratch)
        let document = try load(name, overrides + changes)
        try document.checkPaths()
        let run = try TrainTests.train(document.recipe, into: scratch["run"])
        let domains = try #require(try run.readMetrics(named: "test").domains)
        #expect(domains.domains.map(\.name) == full.data.targets.map(\.name) && domains.source?.images == 1)
        #expect(domains.domains.allSatisfy { $0.images == 1 && $0.meanIoU != nil } && domains.gap != nil)
    }
}
