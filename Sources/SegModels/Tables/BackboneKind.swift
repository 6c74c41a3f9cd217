import Support

/// A row of the table of backbones: a name, what travels with it, and what builds it.
struct BackboneKind: Sendable {
    /// As part of a model's name: `fcn-<name>`.
    let name: String
    /// The same network elsewhere: `torchvision:resnet18`, `timm:vit_small_patch14_dinov2`, `dinov2:dinov2_vits14`.
    let aliases: [String]
    /// The card of a network on it, but for name and classes.
    let card: ModelCard
    /// Whether ``BackboneOptions/outputStride`` can be other than the published.
    let dilates: Bool
    /// Whether it has no pyramid: all four maps come at the stride of its patches.
    let isPlain: Bool
    /// Whether its maps grow coarser from stage to stage.
    var isPyramid: Bool { !isPlain }
    /// Whether heads can read its tokens: it is a ``VisionTransformer``.
    let hasTokens: Bool
    /// Whether it can be built with an image classifier.
    let classifies: Bool
    let make: @Sendable (BackboneOptions) throws -> Backbone

    init(
        _ name: String, aliases: [String] = [], normalization: Normalization = .imageNet, inputSize: Int? = 224, patchSize: Int? = nil,
        sizeMultiple: Int = 32, license: String, source: String, repository: String? = nil, dilates: Bool = false, isPlain: Bool = false,
        hasTokens: Bool? = nil,
        classifies: Bool = true, make: @escaping @Sendable (BackboneOptions) throws -> Backbone
    ) {
        self.name = name
        self.aliases = aliases
        card = ModelCard(
            name: name, normalization: normalization, inputSize: inputSize, patchSize: patchSize, sizeMultiple: sizeMultiple, classes: 0,
            license: license, source: source, repository: repository)
        self.dilates = dilates
        self.isPlain = isPlain
        self.hasTokens = hasTokens ?? isPlain
        self.classifies = classifies
        self.make = make
    }

    /// The backbone with its card.
    /// - Throws: `UserError` when it has no patches whose size could be chosen.
    func build(_ options: BackboneOptions = .init()) throws -> Backbone {
        if let patch = options.patchSize {
            try Models.refuse("patchSize", of: name, unless: hasTokens)
            guard (1...64).contains(patch) else {
                throw UserError("the patches of \(name) cannot have \(patch) pixels", hint: "1 to 64 are possible.")
            }
        }
        let backbone = try make(options)
        backbone.card = card
        backbone.card.classes = options.classes ?? 0
        backbone.card.sizeMultiple = min(card.sizeMultiple, options.outputStride ?? card.sizeMultiple)
        if let patch = options.patchSize {
            backbone.card.inputSize = card.inputSize.map { $0 / card.sizeMultiple * patch }
            (backbone.card.patchSize, backbone.card.sizeMultiple) = (patch, patch)
        }
        return backbone
    }
}

/// What a head, or a recipe, chooses of a backbone.
struct BackboneOptions: Sendable {
    /// 8, 16 or 32, by dilation; nil: as published.
    var outputStride: Int?
    /// The side of a patch, for a plain vision transformer; nil: as published.
    var patchSize: Int?
    /// Whether MobileNetV3's second map is that of the first block at its stride, not of the last: torchvision's heads read it there.
    var isSecondMapEarly = false
    /// Outputs of an image classifier; nil leaves out all that only a classifier needs.
    var classes: Int?
    /// Whose network of that name it is (`timm`, `torchvision`), where implementations differ; nil: the authors'.
    var library: String?
}
