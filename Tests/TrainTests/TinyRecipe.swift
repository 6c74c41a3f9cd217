import Foundation
import Recipes
import Runs
import Train

/// What tiny recipes share: eight small street scenes.
let tinyBase = """
    threads: 2
    data:
      dataset: street-scenes
      count: 8
      evaluationCount: 2
      size: [48, 64]
      loader: {batchSize: 4, threads: 1}
      augmentation: {crop: [48, 64], scale: [0.8, 1.2]}
    preflight: {enabled: false}
    log: {every: 2}
    checkpoint: {every: 2}
    """

/// A recipe that trains in a second of a few steps.
func tinyRecipe(_ name: String, seed: Int = 1, steps: Int = 6, _ extra: String = "", overrides: [String] = []) throws -> Recipe {
    let yaml = """
        name: \(name)
        seed: \(seed)
        \(tinyBase)
        student: {model: espnetv2-s0.5, precision: float32}
        optimizer: {learningRate: 0.01}
        schedule: {steps: \(steps)}
        evaluation: {every: 4, batchSize: 2}
        \(extra)
        """
    return try Recipe.parse(yaml, overrides: overrides, catalog: .standard).recipe
}

/// A folder that is removed at the end of the test.
final class Scratch {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("train-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
    subscript(name: String) -> URL { url.appendingPathComponent(name) }
}

/// Trains in one go.
@discardableResult
func train(
    _ recipe: Recipe, into folder: URL, existing: RunFolder.Existing = .refuse, observer: TrainingObserver = .silent
) throws -> RunFolder {
    try Trainer(TrainingSetup(recipe), into: folder, existing: existing, observer: observer).train()
    return try RunFolder.open(folder)
}

/// Trains until `step` and stops there as after Ctrl-C.
func trainAndInterrupt(_ recipe: Recipe, into folder: URL, after step: Int) throws {
    var observer = TrainingObserver()
    observer.stepped = { done, _ in if done == step { Interruption.request() } }
    try Trainer(TrainingSetup(recipe), into: folder, observer: observer).train()
}

extension URL {
    /// The bytes of the last checkpoint's files.
    func lastCheckpoint() throws -> [Data] {
        try ["model.safetensors", "training.safetensors", "position.json"].map {
            try Data(contentsOf: appendingPathComponent("checkpoints/last/\($0)"))
        }
    }
}
