import Foundation
import Recipes
import Testing

@Suite struct ParsingTests {
    @Test func defaults() throws {
        let recipe = try parse(smallest)
        #expect(recipe.name == "tiny")
        #expect(recipe.optimizer.learningRate == 0.02)
        #expect(recipe.schedule.steps == 40_000)
        #expect(recipe.data.loader.batchSize == 16)
        #expect(recipe.teacher == nil)
        #expect(recipe.data.augmentation.crop == PixelSize(height: 360, width: 480))
    }

    @Test func defaultsThatDependOnOthers() throws {
        #expect(try parse(smallest, "optimizer.kind=adamw").optimizer.learningRate == 2e-4)
        #expect(try parse(smallest, "optimizer={kind: adamw, learningRate: 0.02}").optimizer.learningRate == 0.02)
        #expect(try parse(smallest, "schedule.epochs=2").schedule.steps == nil)
        #expect(try parse(smallest, "data.size=[90, 120]").data.augmentation.crop == PixelSize(height: 90, width: 120))
        let slide = try parse(smallest, "evaluation.mode=slide", "data.augmentation.crop=[90, 120]").evaluation
        #expect(slide.window == PixelSize(height: 90, width: 120))
        #expect(slide.stride == PixelSize(height: 60, width: 80))
        let idd = try parse(smallest, "data.dataset=idd-lite", "data.root=x")
        #expect(idd.data.test == ["val"])
        #expect(idd.data.classCount == 7)
    }

    /// What `config show` prints says everything, also of what an override takes the place of.
    @Test func anOverrideOfAChoiceTakesTheFilesSettingsOfTheOthersAway() throws {
        let whole = try parse(smallest, "schedule.power=2").resolvedYAML
        #expect(try parse(whole, "schedule.kind=constant") == parse(smallest, "schedule.kind=constant"))
        let step = ["schedule.kind=step", "schedule.milestones=[5]"]
        #expect(try parse(whole, step[0], step[1]) == parse(smallest, step[0], step[1]))
        #expect(try parse(whole, "schedule.kind=cosine", "schedule.minimum=0.1").schedule.minimum == 0.1)
        #expect(refusal(whole, "schedule.kind=constant", "schedule.power=3").contains("schedule.power: has no effect here"))
        #expect(
            refusal(whole.replacingOccurrences(of: "kind: poly", with: "kind: constant")).contains("schedule.power: has no effect here"))
    }

    @Test func overridesReachEverything() throws {
        let text = smallest + "\ndistillation:\n  - method: kd\n  - {method: cwd, weight: 2}\n"
        let recipe = try parse(
            text, "teacher.model=espnetv2-s2.0", "distillation.cwd.temperature=2", "distillation.0.weight=0.5",
            "distillation.cwd.taps.student=stage4", "data.train=[train, val]", "name=a=b", "threads=3")
        #expect(recipe.teacher?.model == "espnetv2-s2.0")
        #expect(recipe.distillation.map(\.name) == ["kd", "cwd"])
        #expect(recipe.distillation.map(\.weight) == [0.5, 2])
        #expect(recipe.distillation[1].settings["temperature"] == 2.0)
        #expect(recipe.distillation[1].settings["groups"] == 1)
        #expect(recipe.distillation[1].taps == ["teacher": "features", "student": "stage4"])
        #expect(recipe.data.train == ["train", "val"])
        #expect(recipe.name == "a=b")
        #expect(recipe.threads == 3)
    }

    @Test func aMethodSetsInAndItsWeightRises() throws {
        let text = smallest + "\nteacher: {model: espnetv2-s2.0}\ndistillation:\n  - {method: kd, weight: 4, start: 0.25, ramp: 0.5}\n"
        let method = try parse(text).distillation[0]
        #expect([0, 0.2, 0.25, 0.5, 0.75, 1].map(method.weight(at:)) == [0, 0, 0, 2, 4, 4])
        #expect(try parse(text, "distillation.kd.ramp=0").distillation[0].weight(at: 0.25) == 4)
        #expect(refusal(text, "distillation.kd.start=2").contains("distillation.0.start: expected a number from 0.0 to 1.0"))
    }

    @Test func furtherMapsHaveKeysOfTheirOwn() throws {
        let schema = MethodSchema(
            "brd", doc: "",
            taps: [
                TapSchema("features", teacher: "features", student: "features", doc: "a map."),
                TapSchema(list: "stage", teacher: ["stage1", "stage2"], student: ["stage1", "stage2"], doc: "maps."),
            ])
        let given = try MethodRecipe.parse(schema, settings: ["taps.studentStages=[stage2, stage3]", "taps.teacher=stage4"])
        #expect(
            given.taps == [
                "teacher": "stage4", "student": "features", "teacherStages": .texts(["stage1", "stage2"]),
                "studentStages": .texts(["stage2", "stage3"]),
            ])
        let error = #expect(throws: RecipeError.self) { try MethodRecipe.parse(schema, settings: ["taps.teacherStages=[]"]) }
        #expect(error.map { "\($0)".contains("expected at least one name") } == true)
    }

    @Test func emptyOverrideGoesBackToTheDefault() throws {
        #expect(try parse(smallest + "\nseed: 4", "seed=").seed == 0)
        let text = smallest + "\nteacher: {model: espnetv2-s2.0}\ndistillation: [{method: kd}, {method: cwd}]"
        #expect(try parse(text, "distillation.kd=").distillation.map(\.name) == ["cwd"])
        #expect(try parse(text, "teacher=none", "distillation=").distillation.isEmpty)
    }

    @Test func overridesThatLeadNowhere() {
        #expect(
            refusal(smallest, "seed") == "command line, 'seed': expected key=value, such as optimizer.learningRate=0.01")
        #expect(
            refusal(smallest, "student.model.name=x")
                == "command line, 'student.model.name=x': 'student.model' holds 'espnetv2-s0.5' and has no key 'name'")
        let text = smallest + "\nteacher: {model: espnetv2-s2.0}\ndistillation: [{method: cwd}]"
        #expect(
            refusal(text, "distillation.kd.weight=1")
                == "command line, 'distillation.kd.weight=1': the list 'distillation' has no entry 'kd'; its entries are cwd, 0")
        #expect(
            refusal(smallest, "optimizer.learningRate=fast")
                == "command line, 'optimizer.learningRate=fast': optimizer.learningRate: "
                + "expected a number greater than 0.0, found 'fast'")
    }

    /// What an override brings about is said to come from the command line, even where the file has the key too.
    @Test func overriddenKeysAreTheCommandLines() {
        #expect(
            refusal(smallest, "student.model=espnetv2-s0.51")
                == "command line, 'student.model=espnetv2-s0.51': student.model: unknown model 'espnetv2-s0.51'; "
                + "did you mean 'espnetv2-s0.5'?")
    }

    @Test func anchorsAndMerging() throws {
        let text = """
            name: &name tiny
            data: {dataset: camvid, root: *name}
            teacher: &net {model: espnetv2-s2.0, precision: float32}
            student:
              <<: *net
              model: espnetv2-s0.5
            distillation: [{method: kd}]
            """
        let recipe = try parse(text)
        #expect(recipe.data.root == "tiny")
        #expect(recipe.student.precision == .float32)
        #expect(recipe.student.model == "espnetv2-s0.5")
    }

    /// `config show` prints a recipe that means the same.
    @Test(arguments: [
        smallest,
        """
        name: "none"
        seed: 7
        device: cuda:1
        data:
          dataset: folder
          root: "my \\"data\\": #1"
          classes: [road, {car: [0, 0, 142]}, "two words", "3"]
          ignore: [0]
          labelSuffix: _label
          train: [a, b.txt]
          augmentation: {scale: [1.0, 1.0], crop: none, colorJitter: {hue: 0.1}}
        teacher:
          model: deeplabv3-resnet50
          weights: w.pth
          discard: ["*.num_batches_tracked"]
          outputStride: 16
          precision: bf16
        student: {model: deeplabv3-resnet18}
        distillation:
          - {method: cwd, weight: 0.1, normalize: channel, mask: true, taps: {student: stage4}}
          - method: kd
        optimizer:
          kind: adamw
          ema: 0.999
          clip: 1e-3
          groups: [{match: "backbone.*", learningRateScale: 0.1}, {match: "*.bias", weightDecay: 0}]
        schedule: {epochs: 2.5, kind: step, milestones: [10, 20], warmup: {steps: 5}}
        loss: {classWeights: [1, 2, 3, 0.25]}
        evaluation: {mode: slide, scales: [0.75, 1], flip: true, limit: 20}
        """,
    ])
    func roundTrip(text: String) throws {
        let recipe = try parse(text)
        let shown = recipe.resolvedYAML
        #expect(try parse(shown) == recipe, "\(shown)")
        #expect(try parse(shown).resolvedYAML == shown)
    }

    @Test func shownRecipeExplainsItself() throws {
        let shown = try parse(smallest).resolvedYAML
        #expect(
            shown.contains(
                """
                  # 0.9: CIRKD v1.
                  momentum: 0.9

                """))
        #expect(shown.contains("# The rate falls as (1 - t/steps)^power. 0.9: CIRKD v1.\n  power: 0.9\n"))
        #expect(!shown.contains("betas"))
        let long = shown.split(separator: "\n").filter { $0.count > 100 }
        #expect(long.isEmpty)
    }

    /// The recipes that come with the package.
    @Test(arguments: [
        "camvid/teacher", "camvid/plain", "camvid/kd", "camvid/cwd",
        "street-scenes/teacher", "street-scenes/plain", "street-scenes/distilled",
    ])
    func shippedRecipes(name: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Recipes").standardizedFileURL
        let document = try Recipe.load(folder.appendingPathComponent("\(name).yaml").path, catalog: catalog)
        #expect(try parse(document.recipe.resolvedYAML) == document.recipe)
        let scratch = ["student.weights=none", "student.reinitialize="]
        _ = try parse(document.recipe.resolvedYAML, scratch[0], scratch[1])
        #expect(document.recipe.defaultRunFolder == "runs/\(name)-seed0")
    }
}
