import Foundation
import Recipes
import Runs
import Testing
import Train

/// The recipes of GKD's experiments: one source, several targets.
@Suite(.serialized) struct GeneralizationRecipeTests {
    private static let folder = FullScaleRecipeTests.recipes.appendingPathComponent("gkd")
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
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
            for name in arms {
                let recipe = try load(name).recipe
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

    private func train(_ name: String, _ changes: [String] = []) throws {
        let scratch = try Scratch()
        let full = try load(name).recipe
        let source = try MiniatureDataset(full.data.dataset.name, at: scratch["source"])
        var overrides = [
            "data.root=\(source.root.path)", "data.train=train", "data.augmentation.shortSide=[64]", "data.augmentation.crop=[64, 64]",
            "data.loader.batchSize=2", "data.loader.threads=1", "evaluation.size=[64, 64]", "evaluation.window=[64, 64]",
            "evaluation.stride=[32, 32]", "evaluation.every=2", "checkpoint.every=2", "log.every=1", "log.tensorboard=false",
            "schedule.steps=2", "threads=1", "preflight.enabled=false", "student.weights=none", "student.reinitialize=",
            "student.model=mask2former-small-deit-tiny-distilled", "student.headChannels=32",
        ]
        for target in full.data.targets {
            let folder = scratch["\(target.data.dataset.name)-\(URL(fileURLWithPath: target.data.root).lastPathComponent)"]
            if !FileManager.default.fileExists(atPath: folder.path) { _ = try MiniatureDataset(target.data.dataset.name, at: folder) }
            overrides += ["root=\(folder.path)", "evaluationSize=[64, 96]"].map { "data.targets.\(target.name).\($0)" }
        }
        let document = try load(name, overrides + changes)
        try document.checkPaths()
        let run = try TrainTests.train(document.recipe, into: scratch["run"])
        let domains = try #require(try run.readMetrics(named: "test").domains)
        #expect(domains.domains.map(\.name) == full.data.targets.map(\.name) && domains.source?.images == 1)
        #expect(domains.domains.allSatisfy { $0.images == 1 && $0.meanIoU != nil } && domains.gap != nil)
    }
}
