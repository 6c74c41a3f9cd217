/// The optimiser and everything that happens to the gradient.
public struct OptimizerRecipe: RecipeSection {
    public enum Kind: String, RecipeChoice { case sgd, adamw }

    public var kind = Kind.sgd
    public var learningRate = 0.02
    public var momentum = 0.9
    public var betas = [0.9, 0.999]
    public var weightDecay = 1e-4
    public var noDecayOnNormAndBias = false
    public var groups: [ParameterGroupRecipe] = []
    public var clip: Double?
    public var accumulate = 1
    public var ema: Double?

    public init() {}

    static var fields: [Field<OptimizerRecipe>] {
        [
            .value("kind", \.kind, "sgd or adamw.").known(as: "name", "type"),
            .number(
                "learningRate", \.learningRate, .above(0),
                "The rate at the schedule's top. 0.02 for sgd: CIRKD v1; 0.0002 for adamw: CIRKD's SegFormer."
            ).known(as: "lr", "rate"),
            .number("momentum", \.momentum, .from(0, below: 1), "0.9: CIRKD v1.").only("kind", \.kind, .sgd),
            .value("betas", \.betas, "Decay of the two moments. [0.9, 0.999]: Loshchilov and Hutter 2019.")
                .only("kind", \.kind, .adamw),
            .number("weightDecay", \.weightDecay, .atLeast(0), "0.0001: CIRKD v1, sgd and adamw alike.")
                .known(as: "wd", "decay"),
            .value(
                "noDecayOnNormAndBias", \.noDecayOnNormAndBias,
                "No weight decay on biases and on normalisation layers. false: CIRKD v1 decays everything."),
            .sections(
                "groups", \.groups,
                "Parameters that are treated differently; the first group that matches a parameter's name counts."
            ).known(as: "parameterGroups", "paramGroups"),
            .number(
                "clip", \.clip, or: "off", .above(0), "Largest L2 norm of the gradient of all parameters together."
            ).known(as: "gradClip", "clipNorm", "maxNorm"),
            .number("accumulate", \.accumulate, .atLeast(1), "Batches whose gradients are averaged before a step.")
                .known(as: "accumulation", "accumulateGradients"),
            .number(
                "ema", \.ema, or: "off", .from(0, below: 1),
                "Decay of an exponential moving average of the weights, which is then evaluated and saved too."),
        ]
    }

    mutating func resolve(_ reader: RecipeReader) {
        if kind == .adamw && !reader.isGiven("learningRate") { learningRate = 2e-4 }
    }

    func check(_ reader: inout RecipeReader) {
        if kind == .adamw, betas.count != 2 || !betas.allSatisfy({ $0 >= 0 && $0 < 1 }) {
            reader.report(at: "betas", "expected two numbers of at least 0 and less than 1, found \(betas.yaml)")
        }
    }
}

/// Parameters that are treated differently.
public struct ParameterGroupRecipe: RecipeSection {
    public var match = ""
    public var learningRateScale = 1.0
    public var weightDecay: Double?

    public init() {}

    static var fields: [Field<ParameterGroupRecipe>] {
        [
            .value("match", \.match, "The parameters' names: a pattern, such as backbone.*").required()
                .known(as: "pattern", "name"),
            .number("learningRateScale", \.learningRateScale, .atLeast(0), "Factor of the learning rate; 0 freezes.")
                .known(as: "lrScale", "lrMult", "learningRate", "lr"),
            .number("weightDecay", \.weightDecay, or: "default", .atLeast(0), "Instead of the optimiser's own.")
                .known(as: "wd"),
        ]
    }
}
