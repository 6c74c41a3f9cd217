import Foundation
import Recipes
import Runs
import SegData
import SegModels
import Support
import TensorFiles
import Testing
import Torch
import TorchNN
import Train

@Suite(.serialized) struct TrainerTests {
    @Test func aRunLeavesEverythingBehind() throws {
        let scratch = try Scratch()
        var terms: Set<String> = []
        var observer = TrainingObserver()
        observer.logged = { terms.formUnion($0.losses.keys) }
        let run = try train(tinyRecipe("all", ResumeTests.teacher), into: scratch["run"], observer: observer)
        #expect(terms == ["total", "task", "kd", "cwd"])
        let info = try run.readInfo()
        #expect(info.status == .finished && info.arm == "kd+cwd" && info.steps == 6)
        let metrics = try run.readMetrics(named: "test")
        #expect(metrics.images.count == 2 && metrics.confusion.count == 11)
        #expect(metrics.confusion.joined().reduce(0, +) == 2 * 48 * 64)
        #expect(try run.readPictureIndex()?.pictures.count == 2)
        #expect(try Recipe.parse(run.readRecipe()!, catalog: .standard).recipe == tinyRecipe("all", ResumeTests.teacher))
        let events = try EventLog.read(run)
        #expect(events.map(\.step) == [2, 4, 4, 6, 6])
    }

    @Test func theStudentIsSavedApartFromTheTeacher() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("student", ResumeTests.teacher), into: scratch["run"])
        let saved = try SavedModel(at: scratch["run"].path)
        #expect(saved.info.model == "espnetv2-s0.5")
        let model = try saved.load()
        let names = Set(try TensorArchive.open(saved.url).names)
        #expect(names == Set(model.stateDict().map(\.0)))
    }

    /// A backbone without a head teaches by its maps: its file may hold the classifier too.
    @Test func aBackboneTeaches() throws {
        let scratch = try Scratch()
        let weights = scratch["resnet18.safetensors"]
        try Tensor.save(Models.backbone("torchvision:resnet18", classes: 7).stateDict(), to: weights)
        let method = "distillation: [{method: cwd, taps: {teacher: stage3, student: stage2}}]"
        let recipe = try tinyRecipe("feature", steps: 2, "teacher: {model: resnet18, weights: \(weights.path)}\n\(method)")
        let run = try train(recipe, into: scratch["run"])
        #expect(try run.readInfo().status == .finished)
        #expect(throws: UserError.self) {
            _ = try TrainingSetup(tinyRecipe("feature", "teacher: {model: resnet18}\n\(method)"))
        }
    }

    /// Tokens with a place are a map; the class token has none.
    @Test(arguments: ["patches", "block.3"])
    func tokensOfAVisionTransformerTeach(_ tap: String) throws {
        let scratch = try Scratch()
        let weights = scratch["vit.safetensors"]
        try Tensor.save(Models.backbone("vit-tiny-patch16").stateDict(), to: weights)
        let extra = """
            teacher: {model: vit-tiny-patch16, weights: \(weights.path)}
            distillation: [{method: cwd, taps: {teacher: \(tap), student: stage3}}]
            """
        var losses: [Double] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses["cwd"]!) }
        try train(tinyRecipe("tokens", steps: 2, extra), into: scratch["run"], observer: observer)
        #expect(losses.count == 1 && losses[0] > 0)
        let error = #expect(throws: UserError.self) {
            try TrainingSetup(tinyRecipe("tokens", extra, overrides: ["distillation.cwd.taps.teacher=cls"]))
        }
        #expect(error?.message.contains("no tap 'cls'") == true)
    }

    /// ViTKD from tokens to tokens, and from tokens to the maps of a convolutional network.
    @Test(arguments: [
        ("linear-vit-tiny-patch16", ""),
        ("espnetv2-s0.5", ", taps: {teacher: patches, student: stage3, teacherBlocks: [block.0], studentBlocks: [stage2]}"),
    ])
    func aVisionTransformerTeachesItsOwnKindAndOthers(_ student: String, _ taps: String) throws {
        let scratch = try Scratch()
        let weights = scratch["vit.safetensors"]
        try Tensor.save(Models.backbone("vit-tiny-patch16").stateDict(), to: weights)
        let extra = "teacher: {model: vit-tiny-patch16, weights: \(weights.path)}\ndistillation: [{method: vitkd\(taps)}]"
        var losses: [Double] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses["vitkd"]!) }
        try train(tinyRecipe("vitkd", steps: 2, extra, overrides: ["student.model=\(student)"]), into: scratch["run"], observer: observer)
        #expect(losses.count == 1 && losses[0] > 0)
    }

    /// The student's optimiser leaves a discriminator alone; its own moves it, and its state is in the checkpoint.
    @Test func anOpponentHasAnOptimiserOfItsOwn() throws {
        let scratch = try Scratch()
        let extra = "teacher: {model: espnetv2-s1.0, precision: float32}\ndistillation: [{method: adversarial, opponentLearningRate: 0.01}]"
        var logged: [String: Double] = [:]
        var observer = TrainingObserver()
        observer.logged = { logged = $0.unweighted ?? [:] }
        try train(tinyRecipe("adversarial", steps: 2, extra), into: scratch["run"], observer: observer)
        #expect(logged["adversarial.opponent"].map { $0 > 0 } == true)
        let saved = try Tensor.load(scratch["run"].appendingPathComponent("checkpoints/last/training.safetensors"))
        let names = Set(saved.keys)
        let weight = "adversarial.discriminator.layers.0.weight"
        #expect(names.contains("methods." + weight))
        #expect(names.contains("methods.opponents.adversarial.exp_avg.layers.0.weight"))
        #expect(!names.contains { $0.hasPrefix("optimizer.") && $0.contains("discriminator") })
        #expect(saved["methods.opponents.adversarial.step.layers.0.weight"]?.item() == 2)
    }

    @Test func trainingLowersTheLoss() throws {
        let scratch = try Scratch()
        var losses: [Double] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses["task"]!) }
        try train(
            tinyRecipe("learn", steps: 30, overrides: ["optimizer.kind=adamw", "optimizer.learningRate=0.003", "evaluation.every=30"]),
            into: scratch["run"], observer: observer)
        #expect(losses.last! < 0.7 * losses.first!)
    }

    @Test func divergenceStopsWithTheTermsNames() throws {
        let scratch = try Scratch()
        let recipe = try tinyRecipe("nan", steps: 12, overrides: ["optimizer.learningRate=1e30"])
        let error = #expect(throws: UserError.self) { try train(recipe, into: scratch["run"]) }
        #expect(error?.message.contains("diverged") == true && error?.message.contains("task") == true)
    }

    @Test func aTeacherOfAnotherArchitectureIsRefused() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("teacher", steps: 2), into: scratch["teacher"])
        let extra = "teacher: {model: espnetv2-s1.0, checkpoint: \"\(scratch["teacher"].path)\"}\ndistillation: [{method: kd}]"
        let error = #expect(throws: UserError.self) { try TrainingSetup(tinyRecipe("x", extra)) }
        #expect(error?.message.contains("holds a espnetv2-s0.5, but the recipe asks for espnetv2-s1.0") == true)
    }

    @Test func weightsCutShortAreRefused() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("teacher", steps: 2), into: scratch["teacher"])
        let whole = try Data(contentsOf: scratch["teacher"].appendingPathComponent("checkpoints/best/model.safetensors"))
        try whole.prefix(whole.count / 2).write(to: scratch["cut.safetensors"])
        let recipe = try tinyRecipe("x", overrides: ["student.weights=\(scratch["cut.safetensors"].path)"])
        let error = #expect(throws: TensorFileError.self) { try TrainingSetup(recipe) }
        #expect(error?.description.contains("cut.safetensors") == true)
    }

    @Test func weightsOfAnotherModelAreRefusedByName() throws {
        let scratch = try Scratch()
        try train(tinyRecipe("teacher", steps: 2), into: scratch["teacher"])
        let weights = scratch["teacher"].appendingPathComponent("checkpoints/best/model.safetensors").path
        let recipe = try tinyRecipe("x", overrides: ["student.model=espnetv2-s1.0", "student.weights=\(weights)"])
        let error = #expect(throws: LoadError.self) { try TrainingSetup(recipe) }
        #expect(error?.mismatched.isEmpty == false)
    }

    @Test func aTapThatDoesNotExistIsNamed() throws {
        let extra = "teacher: {model: espnetv2-s1.0}\ndistillation: [{method: cwd, taps: {teacher: feature}}]"
        let error = #expect(throws: UserError.self) { try TrainingSetup(tinyRecipe("x", extra)) }
        #expect(error?.message.contains("no tap 'feature'") == true)
    }

    @Test func aFinishedRunIsNotOverwritten() throws {
        let scratch = try Scratch()
        let recipe = try tinyRecipe("twice", steps: 2)
        try train(recipe, into: scratch["run"])
        let before = try scratch["run"].lastCheckpoint()
        #expect(throws: UserError.self) { try train(recipe, into: scratch["run"]) }
        #expect(try scratch["run"].lastCheckpoint() == before)
    }
}
