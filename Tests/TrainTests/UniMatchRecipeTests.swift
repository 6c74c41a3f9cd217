import Foundation
import Recipes
import Runs
import SegModels
import Testing
import Torch
import Train

/// The recipes of UniMatch V2.
@Suite(.serialized) struct UniMatchRecipeTests {
    private static let names = ["cityscapes", "ade20k", "short/camvid"]

    private func load(_ name: String, _ overrides: [String] = []) throws -> RecipeDocument {
        let path = FullScaleRecipeTests.recipes.appendingPathComponent("unimatch-v2/\(name).yaml").path
        return try Recipe.load(path, overrides: overrides, catalog: .standard)
    }

    @Test(arguments: names) func theConstantsAreUniMatchs(name: String) throws {
        let recipe = try load(name).recipe
        let unlabelled = try #require(recipe.data.unlabelled)
        let online = try #require(unlabelled.online)
        #expect(unlabelled.threshold == 0.95 && unlabelled.weight == 1 && unlabelled.teacher == nil && online.burnIn == 0)
        #expect(online.views == 2 && online.channelDropout == 0.5 && online.cutMix == 0.5)
        // The teacher's average is what is scored.
        #expect(recipe.optimizer.ema == online.decay && (online.decay == 0.996 || name.hasPrefix("short")))
        let encoder = recipe.optimizer.groups.first.map { $0.learningRateScale * recipe.optimizer.learningRate }
        #expect(name == "cityscapes" ? abs(encoder! - 5e-6) < 1e-12 : recipe.student.freeze == .encoder || name.hasPrefix("short"))
    }

    /// Two steps with a small network of the same kind.
    @Test(arguments: ["cityscapes", "ade20k"]) func twoStepsOnMiniatures(name: String) throws {
        let scratch = try Scratch()
        let data = try MiniatureDataset(name, at: scratch["data"])
        try "\(name == "ade20k" ? "a" : "ulm_0_0_leftImg8bit.png")\n".write(to: scratch["list.txt"], atomically: false, encoding: .utf8)
        try Tensor.save(Models.backbone("deit-tiny").stateDict(), to: scratch["encoder.safetensors"])
        let overrides = [
            "data.root=\(data.root.path)", "data.labelled=\(scratch["list.txt"].path)", "data.unlabelled.batchSize=1",
            "data.unlabelled.online.cutMix=0", "data.augmentation.resize=[64, 64]", "data.augmentation.crop=[64, 64]",
            "data.loader.batchSize=1", "data.loader.threads=1", "data.unlabelled.threshold=0", "evaluation.size=[64, 64]",
            "evaluation.every=2", "checkpoint.every=2", "log.every=1", "log.tensorboard=false", "schedule.steps=2", "threads=1",
            "student.weights=none", "student.reinitialize=", "student.model=dpt-deit-tiny",
            "student.encoder=\(scratch["encoder.safetensors"].path)",
        ]
        let document = try load(name, overrides)
        try document.checkPaths()
        var lines: [[String: Double]] = []
        var observer = TrainingObserver()
        observer.logged = { lines.append($0.losses) }
        let run = try train(document.recipe, into: scratch["run"], observer: observer)
        #expect(lines.count == 2 && lines.allSatisfy { $0["task"]! > 0 && $0["pseudo-labels"]! > 0 })
        #expect(try run.readInfo().status == .finished)
    }
}
