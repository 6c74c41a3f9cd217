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
    func build(_ options: BackboneOptions = .init()) throws -> Backbone {
        let backbone = try make(options)
        backbone.card = card
        backbone.card.classes = options.classes ?? 0
        backbone.card.sizeMultiple = min(card.sizeMultiple, options.outputStride ?? card.sizeMultiple)
        return backbone
    }
}

/// What a head, or a recipe, chooses of a backbone.
struct BackboneOptions: Sendable {
    /// 8, 16 or 32, by dilation; nil: as published.
    var outputStride: Int?
    /// Outputs of an image classifier; nil leaves out all that only a classifier needs.
    var classes: Int?
    /// Whose network of that name it is (`timm`, `torchvision`), where implementations differ; nil: the authors'.
    var library: String?
}
