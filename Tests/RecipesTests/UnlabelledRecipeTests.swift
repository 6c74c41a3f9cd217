import Recipes
import Testing

/// Images without labels in a recipe.
@Suite struct UnlabelledRecipeTests {
    private static let catalog = RecipeCatalog(
        models: ["mask2former-resnet18", "mask2former-resnet50"], methods: [],
        datasets: [
            DatasetSchema("cells", crop: PixelSize(height: 64, width: 64), hasOneSize: true, classCount: 2, keys: ["root", "instances"])
        ])

    private func yaml(_ data: String, _ rest: String = "loss: {task: instances}", model: String = "resnet18") -> String {
        """
        name: semi
        data: {dataset: cells, root: x, instances: true, \(data)}
        student: {model: mask2former-\(model)}
        \(rest)
        """
    }

    private func parse(_ yaml: String, _ overrides: String...) throws -> Recipe {
        try Recipe.parse(yaml, file: "r.yaml", overrides: overrides, catalog: Self.catalog).recipe
    }

    private func refusal(_ yaml: String) -> String {
        do { return "accepted: \(try parse(yaml).name)" } catch { return "\(error)" }
    }

    @Test func whatIsNotSaidHasItsDefault() throws {
        let recipe = try parse(yaml("fraction: 0.1, unlabelled: {teacher: runs/t}"))
        let unlabelled = try #require(recipe.data.unlabelled)
        #expect(unlabelled.folder == nil && unlabelled.teacher == "runs/t" && unlabelled.pseudoLabels == nil)
        #expect(unlabelled.threshold == 0.3 && unlabelled.batchSize == nil && unlabelled.weight == 1)
        #expect(recipe.methodNames == ["pseudo-labels"])
        let plain = try parse(yaml("fraction: 0.1"))
        #expect(plain.data.unlabelled == nil && plain.methodNames.isEmpty)
        #expect(plain.resolvedYAML.contains("  unlabelled: none"))
        let text = recipe.resolvedYAML
        #expect(text.contains("    teacher: runs/t") && text.contains("    batchSize: default") && text.contains("  fractionSeed: 0"))
        #expect(try parse(text) == recipe)
        let folder = try parse(yaml("unlabelled: {images: photos, pseudoLabels: p.json, weight: 0.5, batchSize: 4}"))
        #expect(folder.data.unlabelled?.folder == "photos" && folder.data.unlabelled?.weight == 0.5)
    }

    @Test func anOnlineTeacherMakesASecondView() throws {
        let recipe = try parse(yaml("fraction: 0.1, unlabelled: {online: {decay: 0.99}}"))
        let online = try #require(recipe.data.unlabelled?.online)
        #expect(online.decay == 0.99 && online.burnIn == 0.5 && online.minimumArea == 5)
        #expect(recipe.data.unlabelled?.threshold == 0.7 && recipe.data.augmentation.strong != nil)
        #expect(recipe.methodNames == ["online-teacher"])
        #expect(try parse(recipe.resolvedYAML) == recipe)
        #expect(try parse(yaml("fraction: 0.1, unlabelled: {online: {}, threshold: 0.9}")).data.unlabelled?.threshold == 0.9)
    }

    @Test(arguments: [
        (
            "fraction: 0.1, unlabelled: {}",
            "data.unlabelled: says nobody who finds the objects: give 'teacher', 'pseudoLabels' that it wrote, or 'online'"
        ),
        (
            "fraction: 0.1, unlabelled: {teacher: a, pseudoLabels: b}",
            "data.unlabelled.pseudoLabels: cannot be combined with 'teacher', which writes them anew"
        ),
        ("unlabelled: {teacher: a}", "data.unlabelled.images: there is no rest while every training image is used with its labels"),
        ("fraction: 0.1, labelled: l.txt", "data.labelled: cannot be combined with 'fraction'"),
        (
            "fraction: 0.1, unlabelled: {teacher: a, threshold: 1.5}",
            "data.unlabelled.threshold: expected a number from 0.0 to 1.0, found '1.5'"
        ),
        ("fraction: 0.1, unlabelled: {teacher: a, score: 0.5}", "unknown key 'score'; did you mean 'threshold'?"),
        ("fraction: 0.1, unlabelled: {teacher: stage:first}", "data.unlabelled.teacher: there is no earlier stage 'first'"),
        (
            "fraction: 0.1, unlabelled: {teacher: a}, augmentation: {mix: {kind: classMix}}",
            "data.augmentation.mix.kind: goes by the labels, which unlabelled images have none of"
        ),
        (
            "fraction: 0.1, unlabelled: {online: {}, pseudoLabels: p.json}",
            "data.unlabelled.pseudoLabels: cannot be combined with 'online', which finds objects in each batch"
        ),
        (
            "fraction: 0.1, unlabelled: {online: {}}, augmentation: {mix: {kind: copyPaste}}",
            "data.augmentation.mix.kind: pastes objects, of which an online teacher knows none before it has looked"
        ),
        ("fraction: 0.1, unlabelled: {online: {burnIn: 2}}", "data.unlabelled.online.burnIn: expected a number from 0.0 to 1.0, found '2'"),
        ("fractionSeed: 1", "data.fractionSeed: has no effect here: it belongs to a 'fraction' below 1"),
    ])
    func whatCannotBeIsRefused(_ data: String, _ message: String) {
        let found = refusal(yaml(data.replacingOccurrences(of: "stage:first", with: "\"stage:first\"")))
        #expect(found.contains(message), "\(found)")
    }

    @Test func theyAreOfObjects() {
        let found = refusal(yaml("labelled: l.txt, unlabelled: {teacher: a}", ""))
        #expect(found.contains("data.unlabelled: a teacher says which objects these images show: set 'loss.task: instances'"))
    }

    /// SSKD's four stages.
    @Test func aStageTeachesTheNextByItsObjects() throws {
        let text = """
            name: sskd
            data: {dataset: cells, root: x, instances: true, labelled: l.txt}
            loss: {task: instances}
            student: {model: mask2former-resnet50}
            stages:
              - {name: adapted}
              - name: teacher
                data: {unlabelled: {teacher: "stage:adapted"}}
              - name: student
                student: {model: mask2former-resnet18}
                data: {unlabelled: {teacher: "stage:teacher"}}
              - name: refined
                student: {model: mask2former-resnet18, checkpoint: "stage:student"}
            """
        let stages = try #require(try StagedRecipe.parse(text, catalog: Self.catalog)).stages
        #expect(stages.map { $0.recipe.data.unlabelled != nil } == [false, true, true, false])
        #expect(stages[2].recipe.stageReferences.map(\.key) == ["data.unlabelled.teacher"])
        #expect(stages[2].recipe.stageReferences.map(\.stage) == ["teacher"])
        #expect(stages[2].recipe.resolvingStages { "out/" + $0 }.data.unlabelled?.teacher == "out/teacher")
    }
}
