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
            "data.unlabelled: says nobody who knows what they show: give 'teacher', 'pseudoLabels' that it wrote, or 'online'"
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

    // MARK: Pixels

    private static let pixels = """
        name: semi
        data: {dataset: cells, root: x, fraction: 0.1, unlabelled: {online: {}}}
        student: {model: mask2former-resnet18}
        """

    @Test func aTeacherOfPixelsIsUniMatchs() throws {
        let recipe = try parse(Self.pixels)
        let (unlabelled, strong) = (try #require(recipe.data.unlabelled), try #require(recipe.data.augmentation.strong))
        let online = try #require(unlabelled.online)
        #expect(online.labelsPixels && online.views == 2 && online.channelDropout == 0.5 && online.cutMix == 0.5)
        #expect(online.burnIn == 0 && online.decay == 0.996 && unlabelled.threshold == 0.95 && unlabelled.weight == 1)
        #expect(strong.colorJitter.brightness == 0.5 && strong.colorJitter.contrast == 0.5 && strong.colorJitter.saturation == 0.5)
        #expect(strong.colorJitter.hue == 0.25 && strong.colorJitter.probability == 0.8 && strong.grey == 0.2)
        #expect(strong.blur?.probability == 0.5 && strong.blur?.sigma == 0.1...2)
        let text = recipe.resolvedYAML
        #expect(text.contains("      channelDropout: 0.5") && !text.contains("minimumArea"))
        #expect(try parse(text) == recipe)
        let fixMatch = try parse(Self.pixels, "data.unlabelled.online.views=1")
        #expect(fixMatch.data.unlabelled?.online?.channelDropout == 0 && fixMatch.data.unlabelled?.online?.cutMix == 0.5)
        #expect(try parse(fixMatch.resolvedYAML) == fixMatch)
        let guided = try parse(
            Self.pixels, "data.unlabelled.teacher=runs/t", "data.unlabelled.threshold=0.8", "data.unlabelled.online.decay=0.9")
        #expect(guided.data.unlabelled?.online?.burnIn == 1 && guided.data.unlabelled?.online?.decay == 0.9)
        #expect(guided.data.unlabelled?.threshold == 0.8)
        let objects = try parse(yaml("fraction: 0.1, unlabelled: {online: {}}"))
        #expect(!objects.resolvedYAML.contains("channelDropout") && objects.resolvedYAML.contains("minimumArea"))
    }

    @Test(arguments: [
        (
            ["data.unlabelled.online=none", "data.unlabelled.teacher=a"],
            "data.unlabelled: pixels are labelled batch by batch while training goes on: give 'online: {}'; its 'burnIn: 1' keeps this teacher"
        ),
        (
            ["data.unlabelled.online=none", "data.unlabelled.pseudoLabels=p.json"],
            "data.unlabelled.pseudoLabels: is a file of objects, which are learnt with 'loss.task: instances'"
        ),
        (
            ["data.unlabelled.online.minimumArea=5"],
            "data.unlabelled.online.minimumArea: is for a teacher of objects, with 'loss.task: instances'; leave it out"
        ),
        (
            ["data.unlabelled.online.views=1", "data.unlabelled.online.channelDropout=0.5"],
            "data.unlabelled.online.channelDropout: shares the channels between two views: set 'views: 2', or leave it out"
        ),
        (["data.unlabelled.online.views=3"], "data.unlabelled.online.views: expected a whole number from 1 to 2, found '3'"),
        (["data.unlabelled.online.cutMix=1.5"], "data.unlabelled.online.cutMix: expected a number from 0.0 to 1.0, found '1.5'"),
        (
            ["data.unlabelled.batchSize=1"],
            "data.unlabelled.online.cutMix: takes rectangles of other images of the batch, which has one: raise 'data.unlabelled.batchSize'"
        ),
        (["loss.task=none"], "data.unlabelled: stands beside labels, which 'loss.task: none' does not read; leave it out"),
        (["data.augmentation={crop: none, scale: [1.0, 1.0]}"], "data.unlabelled.online: shows the student another view, of one size"),
    ])
    func whatCannotBeOfPixelsIsRefused(_ overrides: [String], _ message: String) {
        var found = ""
        do {
            let recipe = try Recipe.parse(Self.pixels, file: "r.yaml", overrides: overrides, catalog: Self.catalog).recipe
            found = "accepted: \(recipe.name)"
        } catch { found = "\(error)" }
        #expect(found.contains(message), "\(found)")
    }

    @Test func viewsAreOfATeacherOfPixels() {
        let found = refusal(yaml("fraction: 0.1, unlabelled: {online: {views: 2}}"))
        #expect(
            found.contains(
                "data.unlabelled.online.views: is for a teacher of the classes of pixels, with 'loss.task: segmentation'; leave it out"),
            "\(found)")
    }

    @Test func aMethodThatNeedsLabelsFindsNone() {
        let method = MethodSchema("edges", doc: "Edges.", needsLabels: true)
        let catalog = RecipeCatalog(models: Self.catalog.models, methods: [method], datasets: Self.catalog.datasets)
        let text = Self.pixels + "\nteacher: {model: mask2former-resnet50}\ndistillation: [{method: edges}]"
        let error = #expect(throws: RecipeError.self) { try Recipe.parse(text, catalog: catalog) }
        #expect(error.map { "\($0)" }?.contains("edges learns from the labels, of which unlabelled images have none") == true)
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
