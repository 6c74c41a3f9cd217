import Support

/// A network: which one, and where its weights come from.
public struct ModelRecipe: RecipeSection {
    /// A name from the table of models, such as `espnetv2-s0.5` or `deeplabv3-resnet18`, or a folder in Hugging Face layout.
    public var model = ""
    /// Whether `model` is a folder: it has a slash, which no name has.
    public var isFolder: Bool { model.contains("/") }
    public var weights: String?
    public var checkpoint: String?
    /// A trained network whose encoder alone is taken over.
    public var encoder: String?
    public var freeze = FrozenPart.none
    public var reinitialize: [String] = []
    public var discard: [String] = []
    public var outputStride: OutputStride?
    public var patchSize: Int?
    public var headChannels: Int?
    public var auxiliaryHead = false
    public var precision = Precision.auto
    /// A known map's name, or a file: what each of a teacher's classes is among the student's.
    public var classMap: String?
    /// Whether this is the network that is learnt from.
    private var isTeacher = false
    /// Of a teacher only.
    public var cache: CacheRecipe?

    public init() {}

    static var fields: [Field<ModelRecipe>] {
        [
            .value(
                "model", \.model,
                "The network, by its name in the table of models, such as deeplabv3-resnet18, or a folder with config.json and weights "
                    + "(a path with a slash: ./segformer-b5)."
            )
            .required().known(as: "name", "architecture", "backbone"),
            .value(
                "weights", \.weights, or: "none",
                "A file of weights to start from (.safetensors, .pth); none: PyTorch's random initialisation."
            ).known(as: "pretrained"),
            .value(
                "checkpoint", \.checkpoint, or: "none",
                "A run folder, or a checkpoint in it, whose trained network is taken over with everything."),
            .value(
                "encoder", \.encoder, or: "none",
                "A run folder, a checkpoint in it, or a file of weights, whose encoder alone (the backbone) is taken over, whatever its head; "
                    + "the head starts afresh."
            ).only("the student") { !$0.isTeacher }.known(as: "backbone", "init"),
            .value(
                "freeze", \.freeze,
                "What training leaves as it is, statistics of its normalisation layers too: encoder, or none. A frozen encoder keeps no graph, "
                    + "which saves time and memory."
            ).only("the student") { !$0.isTeacher }.known(as: "frozen", "lock"),
            .value(
                "reinitialize", \.reinitialize,
                "Tensors, by name or pattern (decoder.*), that start afresh even if 'weights' holds them; "
                    + "the word head stands for the classifier."
            ).only("a network with 'weights'") { $0.weights != nil || $0.isFolder },
            .value(
                "discard", \.discard,
                "Tensors of 'weights', by name or pattern, that the network has no place for and may be left out."
            ).only("a network with 'weights'") { $0.weights != nil || $0.isFolder }.known(as: "allow", "ignoreUnexpected"),
            .value(
                "outputStride", \.outputStride, or: "default",
                "Input size over the size of the last feature map, kept small by dilation: 8, 16 or 32; "
                    + "default: the model's own (8 for deeplabv3 and pspnet, as in CIRKD v1)."
            ).known(as: "dilation", "stride"),
            .number(
                "patchSize", \.patchSize, or: "default", .from(1, to: 64),
                "Pixels of a patch's side, for a plain vision transformer: 16 lets DINOv2, published with 14, share a grid with other networks. "
                    + "Its kernels are resized on loading (FlexiViT); default: as published."
            ).known(as: "patch"),
            .number(
                "headChannels", \.headChannels, or: "default", .atLeast(1),
                "Channels of the map before the classifier; default: the head's own. CIRKD v1 has 512 in deeplabv3-resnet."),
            .value(
                "auxiliaryHead", \.auxiliaryHead,
                "A second, simpler head on stage 3 while training, as CIRKD v1's ResNet students have; see loss.auxiliaryWeight."
            ).known(as: "aux", "auxiliary"),
            .value(
                "precision", \.precision,
                "What the network computes in: float32, bf16 (matrix products and convolutions), "
                    + "or auto: bf16 where the processor or GPU has it in hardware."
            ).known(as: "dtype", "amp"),
            .value(
                "classMap", \.classMap, or: "none",
                "For a teacher of other classes than the student's: the name of a known map from them, such as common7, or a file with a "
                    + "line 'teacher's class: student's class' for each of them."
            ).only("the teacher") { $0.isTeacher }.known(as: "classes"),
            .section(
                "cache", \.cache,
                "Keep the maps that a teacher gives for every whole training image on disk, and train from them without the teacher."
            ).only("the teacher") { $0.isTeacher },
        ]
    }

    mutating func resolve(_ reader: RecipeReader) { isTeacher = reader.path() == "teacher" }

    func check(_ reader: inout RecipeReader) {
        let models = reader.catalog.models + reader.catalog.backbones
        if !isFolder && !models.contains(model) {
            let nearest = nearestName(to: model, in: models).map { "; did you mean '\($0)'?" }
            reader.report(at: "model", "unknown model '\(model)'\(nearest ?? "; 'segdistill models list' shows all")")
        }
        reader.checkStage(checkpoint, at: "checkpoint", model: model)
        reader.checkStage(encoder, at: "encoder")
        if weights != nil && checkpoint != nil {
            reader.report(at: "checkpoint", "cannot be combined with 'weights': give the one that the network starts from")
        }
        if encoder != nil, let other = weights != nil ? "weights" : checkpoint != nil ? "checkpoint" : nil {
            reader.report(at: "encoder", "cannot be combined with '\(other)': give the one that the encoder comes from")
        }
        if freeze == .encoder && encoder == nil && weights == nil && checkpoint == nil && !isFolder {
            reader.report(at: "freeze", "a frozen encoder would keep its random weights; give 'encoder', 'checkpoint' or 'weights'")
        }
    }
}

extension RecipeReader {
    /// Refuses `stage:NAME` where there is no earlier stage of that name, or where it trains another model and the whole of it is wanted.
    /// - Parameter model: that takes over the whole of the stage's; nil where another will do.
    mutating func checkStage(_ path: String?, at key: String, model: String? = nil) {
        guard let name = path.flatMap(StageReference.stage) else { return }
        guard let stage = earlierStages.first(where: { $0.name == name }) else {
            let names = earlierStages.map(\.name)
            let known = names.isEmpty ? "there is none before this one" : "those before this one are \(names.joined(separator: ", "))"
            return report(at: key, "there is no earlier stage '\(name)'; \(known)")
        }
        guard let model, let other = stage.model, other != model else { return }
        report(at: key, "the stage '\(name)' trains \(other), this is \(model); 'encoder' takes over the part that they share")
    }
}

/// What of a network is not trained.
public enum FrozenPart: String, RecipeChoice {
    case encoder, none
}

/// How much smaller the last feature map is than the image.
public enum OutputStride: Int, Sendable, CaseIterable {
    case eight = 8
    case sixteen = 16
    case thirtyTwo = 32
}

extension OutputStride: RecipeValue {
    static var expected: String { "8, 16 or 32" }
    static var expectedItems: String { "strides" }
    var yaml: String { String(rawValue) }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> OutputStride? {
        read(node, &reader) { $0.plain.flatMap { Int($0) }.flatMap(OutputStride.init) }
    }
}

/// What matrix products and convolutions are computed in.
public enum Precision: String, RecipeChoice {
    case auto, float32, bf16
}
