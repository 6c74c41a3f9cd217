import Recipes

/// The recipes that need no file: those of Recipes/street-scenes, word for word, so that the program can be
/// moved away from its sources. A test compares the two.
enum DemoRecipe: String, CaseIterable {
    case teacher, plain, distilled

    /// The name on the command line, in place of a file: `demo/plain`.
    var name: String { "demo/\(rawValue)" }

    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// - Throws: `RecipeError` when the overrides do not fit.
    func load(_ overrides: [String] = []) throws -> RecipeDocument {
        try Recipe.parse(yaml, file: name, overrides: overrides, catalog: .standard)
    }

    private var yaml: String {
        switch self {
        case .teacher:
            """
            # The demo's teacher, trained on procedural street scenes.
            name: teacher
            role: teacher
            data:
              dataset: street-scenes
              count: 400
              evaluationCount: 40
              size: [176, 240] # ESPNetv2 needs multiples of 16
              loader:
                batchSize: 8
              augmentation:
                scale: [0.75, 1.5] # small pictures: half the size would leave nothing of poles and signs
            student:
              model: espnetv2-s1.0
            optimizer:
              kind: adamw
              learningRate: 0.002 # a short run from random weights
            schedule:
              steps: 400
              warmup:
                steps: 20
            evaluation:
              every: 100
              batchSize: 8
            log:
              every: 10
            checkpoint:
              every: 100
            """
        case .plain:
            """
            # The demo's plain student: trained without a teacher, to compare the distilled one with.
            name: plain
            data:
              dataset: street-scenes
              count: 400
              evaluationCount: 40
              size: [176, 240] # ESPNetv2 needs multiples of 16
              loader:
                batchSize: 8
              augmentation:
                scale: [0.75, 1.5] # small pictures: half the size would leave nothing of poles and signs
            student:
              model: espnetv2-s0.5
            optimizer:
              kind: adamw
              learningRate: 0.002 # a short run from random weights
            schedule:
              steps: 200
              warmup:
                steps: 20
            evaluation:
              every: 100
              batchSize: 8
            log:
              every: 10
            checkpoint:
              every: 100
            """
        case .distilled:
            """
            # The demo's distilled student: the same as plain.yaml, with a teacher and kd.
            name: distilled
            data:
              dataset: street-scenes
              count: 400
              evaluationCount: 40
              size: [176, 240] # ESPNetv2 needs multiples of 16
              loader:
                batchSize: 8
              augmentation:
                scale: [0.75, 1.5] # small pictures: half the size would leave nothing of poles and signs
            teacher:
              model: espnetv2-s1.0
              checkpoint: runs/street-scenes/teacher-seed0 # written by Recipes/street-scenes/teacher.yaml
            student:
              model: espnetv2-s0.5
            distillation:
              - method: kd
                weight: 1.0
                temperature: 1.0
            optimizer:
              kind: adamw
              learningRate: 0.002 # a short run from random weights
            schedule:
              steps: 200
              warmup:
                steps: 20
            evaluation:
              every: 100
              batchSize: 8
            log:
              every: 10
            checkpoint:
              every: 100
            """
        }
    }
}
