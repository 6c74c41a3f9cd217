import Foundation
import Recipes
import Runs
import Testing
import Train

/// The recipes of the papers' experiments.
@Suite(.serialized) struct FullScaleRecipeTests {
    static let recipes = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("../../Recipes").standardized
    static let sets = ["ade20k", "cityscapes", "coco-stuff10k", "coco-stuff164k", "voc2012"]

    /// `cityscapes/kd` and so on.
    static let all: [String] = sets.flatMap { set in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: recipes.appendingPathComponent(set).path)) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.map { "\(set)/\($0.dropLast(5))" }.sorted()
    }

    /// One of each kind: every recipe of Cityscapes, which has all the methods, and for every other set the one that differs most.
    static let kinds =
        all.filter { $0.hasPrefix("cityscapes/") } + ["ade20k/af-dcd", "coco-stuff10k/brd", "coco-stuff164k/cirkd", "voc2012/plain"]

    private func load(_ name: String, _ overrides: [String] = []) throws -> RecipeDocument {
        try Recipe.load(Self.recipes.appendingPathComponent(name + ".yaml").path, overrides: overrides, catalog: .standard)
    }

    /// A teacher's checkpoint is what another recipe of the folder writes, of the same network and on the same data.
    @Test func everyTeacherHasARecipe() throws {
        #expect(Self.all.count > 40)
        for name in Self.all {
            let recipe = try load(name).recipe
            let set = String(name.prefix { $0 != "/" })
            #expect(recipe.data.dataset.name == set && recipe.name == name.dropFirst(set.count + 1), "\(name)")
            guard let taught = recipe.teacher else { continue }
            let checkpoint = try #require(taught.checkpoint).split(separator: "/")
            #expect(checkpoint.dropLast() == ["runs", Substring(set)] && checkpoint[2].hasSuffix("-seed0"), "\(name)")
            let teacher = try load("\(set)/\(checkpoint[2].dropLast("-seed0".count))").recipe
            #expect(teacher.role == .teacher && teacher.student.model == taught.model, "\(name)")
            #expect(teacher.data.validation == recipe.data.validation, "\(name)")
        }
    }

    /// Distilled and plain students of one network have one budget: data, augmentation, optimiser and schedule.
    @Test func distilledAndPlainStudentsHaveOneBudget() throws {
        let loaded = try Self.all.map { ($0, try load($0).recipe) }
        var compared = 0
        for (name, recipe) in loaded where recipe.teacher != nil {
            let plain = loaded.first {
                $1.teacher == nil && $1.role == .student && $1.data.dataset.name == recipe.data.dataset.name
                    && $1.student.model == recipe.student.model
            }
            guard let (other, plain) = plain else { continue }
            compared += 1
            let same = recipe.data == plain.data && recipe.optimizer == plain.optimizer && recipe.schedule == plain.schedule
            #expect(same && recipe.student == plain.student, "\(name) and \(other)")
        }
        #expect(compared > 25)
    }

    /// Two steps with the recipe's methods, taps, strides and settings, on small networks of the same families.
    @Test(arguments: kinds) func twoStepsOnMiniatures(name: String) throws {
        let scratch = try Scratch()
        let full = try load(name).recipe
        let data = try MiniatureDataset(full.data.dataset.name, at: scratch["data"])
        var overrides = [
            "data.root=\(data.root.path)", "data.augmentation.resize=[64, 64]",
            "data.augmentation.crop=[64, 64]", "data.loader.batchSize=2", "data.loader.threads=1", "evaluation.size=[64, 64]",
            "evaluation.every=2", "checkpoint.every=2", "log.every=1", "log.tensorboard=false", "schedule.steps=2", "threads=1",
            "student.weights=none", "student.reinitialize=", "student.model=\(Self.small(full.student.model, student: true))",
        ]
        if let teacher = full.teacher {
            overrides += ["teacher.checkpoint=none", "teacher.model=\(Self.small(teacher.model, student: false))"]
        }
        if full.distillation.contains(where: { $0.name == "cirkd-memory" }) {
            overrides += ["pixelMemory=20", "regionMemory=10"].map { "distillation.cirkd-memory.\($0)" }
        }
        let document = try load(name, overrides)
        try document.checkPaths()
        var lines: [[String: Double]] = []
        var observer = TrainingObserver()
        observer.logged = { lines.append($0.losses) }
        let run = try train(document.recipe, into: scratch["run"], observer: observer)
        #expect(lines.count == 2)
        for losses in lines {
            #expect(Set(full.distillation.map(\.name)).isSubset(of: losses.keys) && losses["task"] != nil)
            #expect(losses.values.allSatisfy { $0.isFinite })
            // The discriminator's verdict has either sign, and a ramp begins at 0.
            for method in full.distillation where method.name != "adversarial" && method.ramp == 0 {
                #expect(losses[method.name]! > 0, "\(method.name)")
            }
        }
        #expect(try run.readInfo().status == .finished)
    }

    private static func small(_ model: String, student: Bool) -> String {
        let backbones =
            student
            ? ["resnet101": "mobilenetv2-w0.35", "resnet18": "mobilenetv2-w0.35", "mobilenetv2": "mobilenetv2-w0.35", "b4": "b0"]
            : ["resnet101": "resnet18", "b4": "b0"]
        let dash = model.firstIndex(of: "-")!
        let backbone = String(model[model.index(after: dash)...])
        return model[...dash] + (backbones[backbone] ?? backbone)
    }
}
