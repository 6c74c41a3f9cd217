/// How long training lasts, and the learning rate's course.
public struct ScheduleRecipe: RecipeSection {
    public enum Kind: String, RecipeChoice { case poly, cosine, step, constant }

    public var steps: Int? = 40_000
    public var epochs: Double?
    public var kind = Kind.poly
    public var power = 0.9
    public var minimum = 0.0
    public var milestones: [Int] = []
    public var gamma = 0.1
    public var warmup = WarmupRecipe()

    public init() {}

    static var fields: [Field<ScheduleRecipe>] {
        [
            .number("steps", \.steps, or: "none", .atLeast(1), "Steps of the optimiser. 40000: CIRKD v1.")
                .known(as: "iterations", "maxSteps"),
            .number("epochs", \.epochs, or: "none", .above(0), "Passes over the training data, instead of steps."),
            .value("kind", \.kind, "poly, cosine, step or constant.").known(as: "name", "type", "policy"),
            .number("power", \.power, .above(0), "The rate falls as (1 - t/steps)^power. 0.9: CIRKD v1.")
                .only("kind", \.kind, .poly),
            .number("minimum", \.minimum, .from(0, below: 1), "Where the rate ends, as a part of its top.")
                .only("kind", \.kind, .poly, .cosine).known(as: "minLr", "eta"),
            .value("milestones", \.milestones, "Steps after which the rate is multiplied by gamma.")
                .required().only("kind", \.kind, .step),
            .number("gamma", \.gamma, .from(0, to: 1), "0.1: PyTorch's MultiStepLR.").only("kind", \.kind, .step),
            .section("warmup", \.warmup, "A linear rise at the start; CIRKD v1 has none.").known(as: "warmUp"),
        ]
    }

    mutating func resolve(_ reader: RecipeReader) {
        if epochs != nil && !reader.isGiven("steps") { steps = nil }
    }

    func check(_ reader: inout RecipeReader) {
        switch (steps, epochs) {
        case (nil, nil): reader.report(at: "steps", "give either 'steps' or 'epochs': both are none")
        case (.some, .some): reader.report(at: "epochs", "give either 'steps' or 'epochs', not both")
        default: break
        }
        if kind == .step {
            let rises = zip(milestones, milestones.dropFirst()).allSatisfy { $0 < $1 }
            let inside = milestones.allSatisfy { $0 > 0 && $0 < steps ?? .max }
            if milestones.isEmpty || !rises || !inside {
                let end = steps.map { " and less than the \($0) steps" } ?? ""
                reader.report(at: "milestones", "expected rising step numbers greater than 0\(end), found \(milestones.yaml)")
            }
        }
        if let steps, warmup.steps >= steps {
            reader.report(at: "warmup.steps", "expected fewer than the \(steps) steps of training, found \(warmup.steps)")
        }
    }
}

/// A linear rise of the learning rate at the start.
public struct WarmupRecipe: RecipeSection {
    public var steps = 0
    public var ratio = 0.001

    public init() {}

    static var fields: [Field<WarmupRecipe>] {
        [
            .number("steps", \.steps, .atLeast(0), "How long it lasts; 0: no warm-up."),
            .number("ratio", \.ratio, .from(0, to: 1), "Where it begins, as a part of the rate. 0.001: MMSegmentation's default.")
                .known(as: "factor", "start"),
        ]
    }
}
