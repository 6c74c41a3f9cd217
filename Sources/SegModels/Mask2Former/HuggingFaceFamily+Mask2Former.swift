import Support
import Torch
import TorchNN

extension HuggingFaceFamily {
    /// `Mask2FormerForUniversalSegmentation`, and `Mask2FormerModel` without classes, on a backbone that the configuration describes.
    ///
    /// `dropout` is applied where transformers applies it; that it also leaves out whole layers of the decoder at random is not followed:
    /// the authors' networks don't.
    static let mask2former = HuggingFaceFamily(
        "mask2former", ["Mask2FormerForUniversalSegmentation", "Mask2FormerModel"], configuration: mask2formerConfiguration
    ) { config in
        let (backbone, tokens) = try backbone(of: config)
        let (pixels, queries) = try (pixelOptions(config), queryOptions(config))
        let decoder = DeformablePixelDecoder(backbone.channels, options: pixels, tokens: tokens)
        var card = backbone.card
        card.name = "mask2former"
        if config.architecture == "Mask2FormerModel" { return MaskProposer(card, backbone, decoder, options: queries) }
        card.classes = try config.classes()
        return Mask2Former(card, backbone, decoder, options: queries)
    }

    private static func pixelOptions(_ config: HuggingFaceConfig) throws -> DeformablePixelDecoder.Options {
        var options = DeformablePixelDecoder.Options()
        options.width = try config.int("feature_size", 256)
        options.maskChannels = try config.int("mask_feature_size", 256)
        options.layers = try config.int("encoder_layers", 6)
        options.heads = try config.int("num_attention_heads", 8)
        options.hidden = try config.int("encoder_feedforward_dim", 1024)
        options.dropout = try config.double("dropout", 0)
        let strides = try config.ints("feature_strides", [4, 8, 16, 32])
        let common = try config.int("common_stride", 4)
        guard strides.count == 4, strides.allSatisfy({ $0 > 0 }), common > 0, let finest = strides.suffix(3).min(), common <= finest,
            finest / common <= 16
        else {
            throw UserError(
                "\(config.source): common_stride is \(common) and feature_strides is \(strides)",
                hint: "Expected four strides, 4, 8, 16 and 32 say, and a common stride of at most the second.")
        }
        // Rounded down, as transformers does.
        options.pyramidLevels = Int.bitWidth - 1 - (finest / common).leadingZeroBitCount
        try check(config, "feature_size", options.width, isMultipleOf: 32, "the norms have 32 groups")
        try check(config, "feature_size", options.width, isMultipleOf: options.heads, "that is num_attention_heads")
        return options
    }

    private static func queryOptions(_ config: HuggingFaceConfig) throws -> QueryDecoder.Options {
        var options = QueryDecoder.Options()
        options.width = try config.int("hidden_dim", 256)
        options.queries = try config.int("num_queries", 100)
        let layers = try config.int("decoder_layers", 10)
        guard layers > 0, options.queries > 0 else {
            throw UserError(
                "\(config.source): decoder_layers is \(layers) and num_queries is \(options.queries)", hint: "Expected at least 1 of each.")
        }
        // transformers counts the queries' own prediction as a layer.
        options.layers = layers - 1
        options.heads = try config.int("num_attention_heads", 8)
        options.hidden = try config.int("dim_feedforward", 2048)
        options.activation = try config.activation("activation_function", .relu)
        options.dropout = try config.double("dropout", 0)
        options.normalizesFirst = try config.bool("pre_norm", false)
        options.alwaysProjects = try config.bool("enforce_input_projection", false)
        try check(config, "hidden_dim", options.width, isMultipleOf: 4, "positions are sines and cosines of rows and columns")
        try check(config, "hidden_dim", options.width, isMultipleOf: options.heads, "that is num_attention_heads")
        return options
    }

    private static func check(_ config: HuggingFaceConfig, _ key: String, _ value: Int, isMultipleOf unit: Int, _ reason: String) throws {
        guard unit > 0, value > 0, value % unit == 0 else {
            throw UserError("\(config.source): \(key) is \(value)", hint: "Expected a multiple of \(unit): \(reason).")
        }
    }

    @Sendable private static func mask2formerConfiguration(_ model: VisionModel) -> [String: any Sendable]? {
        guard let model = model as? any MaskNetwork, let decoder = model.pixelDecoder as? DeformablePixelDecoder,
            let inner = backboneConfiguration(model.backbone, decoder.tokens)
        else { return nil }
        let pixels = decoder.options
        let queries = model.predictor.options
        guard pixels.heads == queries.heads, pixels.dropout == queries.dropout else { return nil }
        return [
            "architectures": [model is Mask2Former ? "Mask2FormerForUniversalSegmentation" : "Mask2FormerModel"],
            "backbone_config": inner, "num_labels": model.card.classes, "feature_size": pixels.width,
            "mask_feature_size": pixels.maskChannels, "encoder_layers": pixels.layers, "num_attention_heads": pixels.heads,
            "encoder_feedforward_dim": pixels.hidden, "common_stride": 8 >> pixels.pyramidLevels, "hidden_dim": queries.width,
            "num_queries": queries.queries, "decoder_layers": queries.layers + 1, "dim_feedforward": queries.hidden,
            "activation_function": queries.activation.huggingFace, "dropout": queries.dropout, "pre_norm": queries.normalizesFirst,
            "enforce_input_projection": queries.alwaysProjects,
        ]
    }
}
