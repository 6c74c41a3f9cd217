import Foundation
import Recipes
import Runs
import SegData
import Support
import Testing
import Train

/// The recipes of SSKD: four stages that build on each other.
@Suite(.serialized) struct SSKDRecipeTests {
    private static let folder = FullScaleRecipeTests.recipes.appendingPathComponent("sskd")

    private func load(_ name: String, _ overrides: [String] = []) throws -> StagedRecipe {
        let path = Self.folder.appendingPathComponent(name + ".yaml").path
        return try #require(try StagedRecipe.load(path, overrides: overrides, catalog: .standard))
    }

    @Test(arguments: ["cityscapes", "ade20k", "short/dsb2018"]) func theStagesAreSSKDs(name: String) throws {
        let stages = try load(name).stages.map(\.recipe)
        #expect(try load(name).names == ["adapted", "teacher", "student", "refined"])
        #expect(stages.map { $0.data.unlabelled?.teacher } == [nil, "stage:adapted", "stage:teacher", nil])
        #expect(stages.map { $0.distillation.map(\.name) } == [["sskd-contrast"], ["sskd-contrast"], ["sskd-contrast"], []])
        #expect(stages.allSatisfy { $0.loss.task == .instances && $0.data.instances })
        #expect(stages[3].student.checkpoint == "stage:student" && stages[1].student.checkpoint == nil)
        #expect(stages[0].student == stages[1].student && stages[2].student.model == stages[3].student.model)
    }

    /// Two steps a stage, with small networks.
    @Test(arguments: ["cityscapes", "ade20k", "short/dsb2018"]) func stagesOnMiniatures(name: String) throws {
        let scratch = try Scratch()
        let shapes = try Shapes(at: scratch["shapes"])
        try "1\n4\n".write(to: scratch["list.txt"], atomically: false, encoding: .utf8)
        let student = name == "short/dsb2018" ? "mask2former-small-mobilenetv2-w0.5" : "mask2former-small-dpt-deit-tiny"
        var overrides = [
            "data.dataset=coco-json", "data.root=\(shapes.root.path)", "data.train=train", "data.validation=train", "data.test=train",
            "data.tile=none",
            "data.fraction=1", "data.labelled=\(scratch["list.txt"].path)", "data.loader.batchSize=2", "data.loader.threads=1",
            "data.augmentation.crop=[64, 64]", "data.augmentation.shortSide=[]", "data.augmentation.longSide=", "loss.masks.points=64",
            "evaluation.every=2", "evaluation.limit=", "schedule.steps=2", "threads=1", "checkpoint.every=2", "log.tensorboard=false",
            "preflight.enabled=false",
        ]
        for stage in try load(name).stages {
            var changes = [
                "student.model=\(student)", "student.headChannels=32", "student.weights=none", "student.reinitialize=[]",
                "student.encoder=none",
            ]
            if stage.recipe.data.unlabelled != nil { changes += ["data.unlabelled.threshold=0", "data.unlabelled.batchSize=2"] }
            if stage.name == "refined" { changes += ["schedule.steps=2", "evaluation.every=2"] }
            overrides += changes.map { "stages.\(stage.name).\($0)" }
        }
        let training = try StagedTraining(load(name, overrides), into: scratch["run"])
        try training.check()
        try training.run()
        for stage in ["teacher", "student"] {
            let run = try RunFolder.open(scratch["run/\(stage)"])
            #expect(try run.readInfo().method == "sskd-contrast+pseudo-labels")
            #expect(try PseudoLabels(contentsOf: run.pseudoLabelsFile).file.images.map(\.name) == ["2", "3"])
            let steps = try EventLog.read(run).compactMap { if case .step(let event) = $0 { event } else { nil } }
            #expect(steps.allSatisfy { Set($0.losses.keys) == ["total", "task", "pseudo-labels", "sskd-contrast"] } && !steps.isEmpty)
        }
        let refined = try RunFolder.open(scratch["run/refined"])
        #expect(try refined.readInfo().status == .finished)
        #expect(try refined.readObjectMetrics(named: "test").images == 4)
    }
}
