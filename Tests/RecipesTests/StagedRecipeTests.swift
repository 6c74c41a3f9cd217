import Recipes
import Testing

/// Several trainings in one recipe.
@Suite struct StagedRecipeTests {
    static let catalog = RecipeCatalog(
        models: ["fcn-resnet18", "espnetv2-s0.5"], backbones: ["resnet18", "resnet50"],
        methods: [
            MethodSchema("fitnet", doc: "Maps.", taps: [TapSchema("features", teacher: "stage4", student: "stage4", doc: "a map.")]),
            MethodSchema("borders", doc: "Borders.", needsLabels: true),
        ],
        datasets: [DatasetSchema("street-scenes", crop: nil, hasOneSize: true, classCount: 11, keys: ["count", "evaluationCount", "size"])])

    static let text = """
        name: two
        data: {dataset: street-scenes, count: 100, loader: {batchSize: 4}}
        schedule: {steps: 10}
        stages:
          - name: encoder
            student: {model: resnet18}
            teacher: {model: resnet50, weights: t.pth}
            distillation: [{method: fitnet}]
            loss: {task: none}
            data: {count: 300}
          - name: head
            student:
              model: fcn-resnet18
              encoder: stage:encoder
              freeze: encoder
            schedule: {steps: 5}
        """

    private func parse(_ text: String = text, _ overrides: String...) throws -> StagedRecipe? {
        try StagedRecipe.parse(text, file: "s.yaml", overrides: overrides, catalog: Self.catalog)
    }

    private func refusal(_ text: String, _ overrides: String...) -> String {
        do {
            return "accepted: \(try StagedRecipe.parse(text, file: "s.yaml", overrides: overrides, catalog: Self.catalog)?.names ?? [])"
        } catch { return "\(error)" }
    }

    @Test func stagesOverlayTheCommonKeys() throws {
        let stages = try #require(try parse()).stages
        #expect(stages.map(\.name) == ["encoder", "head"])
        let (first, second) = (stages[0].recipe, stages[1].recipe)
        #expect(first.name == "two" && second.name == "two")
        #expect(first.data.count == 300 && first.data.loader.batchSize == 4 && second.data.count == 100)
        #expect(first.schedule.steps == 10 && second.schedule.steps == 5)
        #expect(first.loss.task == .none && second.loss.task == .segmentation && second.teacher == nil)
        #expect(second.student.encoder == "stage:encoder" && second.student.freeze == .encoder)
        #expect(second.stageReferences.map(\.key) == ["student.encoder"])
        #expect(second.resolvingStages { "out/" + $0 }.student.encoder == "out/encoder")
    }

    @Test func aRecipeWithoutStagesIsNone() throws { #expect(try parse("name: a\nseed: 1") == nil) }

    @Test func overridesReachTheCommonKeysAndOneStage() throws {
        let stages = try #require(try parse(Self.text, "seed=3", "stages.head.schedule.steps=7", "stages.encoder.data.count=")).stages
        #expect(stages.map(\.recipe.seed) == [3, 3])
        #expect(stages.map(\.recipe.schedule.steps) == [10, 7])
        #expect(stages[0].recipe.data.count == 100)
    }

    /// Lists overlay whole: of one that stands above, the stage gets its own.
    @Test func overridesOfAStageReachIntoTheListsAboveIt() throws {
        let text = """
            name: two
            data: {dataset: street-scenes, targets: [{name: far, dataset: street-scenes, evaluationCount: 9}]}
            student: {model: fcn-resnet18}
            teacher: {model: resnet50, weights: t.pth}
            distillation: [{method: fitnet, weight: 2}]
            stages: [{name: first}, {name: second}]
            """
        let changes = ["stages.second.distillation.fitnet.weight=3", "stages.second.data.targets.far.evaluationCount=5"]
        let stages = try #require(try parse(text, changes[0], changes[1])).stages.map(\.recipe)
        #expect(stages.map { $0.distillation.map(\.weight) } == [[2], [3]])
        #expect(stages.map { $0.data.targets.map(\.data.evaluationCount) } == [[9], [5]])
        #expect(refusal(text, "stages.second.distillation.kd.weight=3").contains("has no entry 'kd'; its entries are fitnet, 0"))
    }

    @Test func whatIsWrittenOutIsTheSameRecipe() throws {
        let recipe = try #require(try parse())
        let again = try #require(try parse(recipe.resolvedYAML))
        #expect(again.stages.map(\.recipe) == recipe.stages.map(\.recipe))
        #expect(recipe.resolvedYAML.contains("  - name: head\n"))
    }

    /// An empty value goes back to the default, a list is replaced whole.
    @Test func aStageTakesKeysOut() throws {
        let text = """
            name: two
            data: {dataset: street-scenes}
            teacher: {model: resnet50, weights: t.pth}
            distillation: [{method: fitnet}]
            stages:
              - {name: a, student: {model: resnet18}, loss: {task: none}}
              - {name: b, student: {model: fcn-resnet18, encoder: "stage:a"}, teacher: , distillation: []}
            """
        let stages = try #require(try parse(text)).stages
        #expect(stages[0].recipe.teacher?.model == "resnet50" && stages[1].recipe.teacher == nil)
    }

    @Test func mistakesAreNamedByStageWithTheirLine() {
        let text = Self.text.replacingOccurrences(of: "freeze: encoder", with: "freze: encoder")
        #expect(refusal(text) == "s.yaml:15:7: stages.head.student: unknown key 'freze'; did you mean 'freeze'?")
        #expect(
            refusal(Self.text, "stages.head.schedule.steps=0")
                == "command line, 'stages.head.schedule.steps=0': stages.head.schedule.steps: expected a whole number of at least 1 or 'none', found '0'"
        )
    }

    /// A mistake in the common part is said once.
    @Test func commonMistakesAreSaidOnce() {
        let text = Self.text.replacingOccurrences(of: "batchSize: 4", with: "batchSize: 0")
        #expect(refusal(text) == "s.yaml:2:64: data.loader.batchSize: expected a whole number of at least 1, found '0'")
    }

    @Test(arguments: [
        ("encoder: stage:encoder", "encoder: stage:head", "there is no earlier stage 'head'; those before this one are encoder"),
        ("encoder: stage:encoder", "checkpoint: stage:encoder", "the stage 'encoder' trains resnet18, this is fcn-resnet18"),
        ("- name: head", "- name: encoder", "there are two stages named 'encoder'"),
        ("- name: head", "- title: head", "the key 'name' is required"),
        ("- name: head", "- name: a/b", "expected a name of letters, digits, '-' and '_', found 'a/b'"),
        ("[{method: fitnet}]", "[{method: borders}]", "borders learns from the labels, which 'loss.task: none' does not read"),
        ("[{method: fitnet}]", "[{method: fitnet, ramp: 0.1}]", "one method at least has to work from the first step"),
        ("loss: {task: none}", "seed: 2", "'resnet18' is a backbone without a head"),
        ("loss: {task: none}", "loss: {task: none, auxiliaryWeight: 1}", "has no effect here: it belongs to 'task: segmentation'"),
        ("encoder: stage:encoder\n", "discard: []\n", "a frozen encoder would keep its random weights"),
    ])
    func whatCannotBeIsRefused(_ old: String, _ new: String, _ words: String) {
        let message = refusal(Self.text.replacingOccurrences(of: old, with: new))
        #expect(message.contains(words), "\(message)")
    }

    @Test func overridesThatReachNothingAreRefused() {
        #expect(
            refusal(Self.text, "student.model=espnetv2-s0.5").contains("every stage sets it; write stages.NAME.student.model=espnetv2-s0.5")
        )
        #expect(refusal(Self.text, "stages.haed.seed=1").contains("the list 'stages' has no entry 'haed'; its entries are encoder, head"))
    }

    @Test func onlyDistillTakesStages() {
        #expect(throws: RecipeError.self) { try Recipe.parse(Self.text, file: "s.yaml", catalog: Self.catalog) }
    }
}
