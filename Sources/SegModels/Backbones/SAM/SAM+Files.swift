import Support
import TorchNN

extension SAM {
    var fileMaps: [KeyMap] {
        let decoder: [KeyMap.Rule] = [.drop("prompt_encoder.*"), .drop("mask_decoder.*"), .drop("shared_image_embedding.*")]
        return [
            KeyMap(
                "the authors' SAM", .official, recognizedBy: ["image_encoder.patch_embed.proj.weight"],
                rules: [
                    .rename("image_encoder.blocks.*.mlp.lin1.*", to: "blocks.*.mlp.fc1.*"),
                    .rename("image_encoder.blocks.*.mlp.lin2.*", to: "blocks.*.mlp.fc2.*"), .rename("image_encoder.*", to: "*"),
                ] + decoder,
                isBackbone: true),
            KeyMap(
                "transformers' SAM", .transformers, recognizedBy: ["vision_encoder.patch_embed.projection.weight"],
                rules: Self.transformersRules + decoder, isBackbone: true),
            KeyMap("timm's SAM", .timm, recognizedBy: ["patch_embed.proj.weight"], isBackbone: true),
        ]
    }

    private static let transformersRules: [KeyMap.Rule] = [
        .rename("vision_encoder.patch_embed.projection.*", to: "patch_embed.proj.*"),
        .rename("vision_encoder.pos_embed", to: "pos_embed"),
        .rename("vision_encoder.layers.*.layer_norm1.*", to: "blocks.*.norm1.*"),
        .rename("vision_encoder.layers.*.layer_norm2.*", to: "blocks.*.norm2.*"),
        .rename("vision_encoder.layers.*.mlp.lin1.*", to: "blocks.*.mlp.fc1.*"),
        .rename("vision_encoder.layers.*.mlp.lin2.*", to: "blocks.*.mlp.fc2.*"),
        .rename("vision_encoder.layers.*", to: "blocks.*"),
        .rename("vision_encoder.neck.conv1.*", to: "neck.0.*"),
        .rename("vision_encoder.neck.layer_norm1.*", to: "neck.1.*"),
        .rename("vision_encoder.neck.conv2.*", to: "neck.2.*"),
        .rename("vision_encoder.neck.layer_norm2.*", to: "neck.3.*"),
    ]

    /// - Parameter config: a `SamVisionConfig`, or `SamHQVisionConfig`. Its attention dropout is not used, as in the attention that
    ///   transformers takes by default.
    convenience init(_ config: HuggingFaceConfig) throws {
        var shape = Configuration()
        shape.width = try config.int("hidden_size", 768)
        shape.depth = try config.int("num_hidden_layers", 12)
        shape.heads = try config.int("num_attention_heads", 12)
        let ratio = try config.double("mlp_ratio", 4)
        shape.hidden = config.has("mlp_dim") ? try config.int("mlp_dim") : Int(Double(shape.width) * ratio)
        shape.patch = try config.side("patch_size", 16)
        shape.imageSize = try config.side("image_size", 1024)
        shape.window = try config.int("window_size", 14)
        shape.globalBlocks = try config.ints("global_attn_indexes", [2, 5, 8, 11])
        shape.neck = try config.int("output_channels", 256)
        shape.hasPositions = try config.bool("use_abs_pos", true)
        shape.hasRelativePositions = try config.bool("use_rel_pos", true)
        shape.hasBias = try config.bool("qkv_bias", true)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-6)
        guard try config.int("num_channels", 3) == 3, shape.heads > 0, shape.width % shape.heads == 0, shape.patch > 0 else {
            throw UserError(
                "\(config.source): images need 3 channels, and hidden_size must be a multiple of num_attention_heads",
                hint: "Found \(shape.width) and \(shape.heads).")
        }
        self.init(shape)
        card.patchSize = shape.patch
        card.inputSize = shape.imageSize
        card.sizeMultiple = shape.patch
        card.license = "Apache-2.0"
        card.source = "Kirillov et al. 2023"
    }

    /// As a `SamVisionModel`; nil for what transformers' class can't be.
    var transformersConfig: [String: any Sendable]? {
        let shape = configuration
        guard let channels = shape.neck, head == nil else { return nil }
        return [
            "architectures": ["SamVisionModel"], "hidden_size": shape.width, "num_hidden_layers": shape.depth,
            "num_attention_heads": shape.heads, "mlp_dim": shape.hidden, "mlp_ratio": Double(shape.hidden) / Double(shape.width),
            "patch_size": shape.patch, "image_size": shape.imageSize, "window_size": shape.window,
            "global_attn_indexes": shape.globalBlocks, "output_channels": channels, "use_abs_pos": shape.hasPositions,
            "use_rel_pos": shape.hasRelativePositions, "qkv_bias": shape.hasBias, "hidden_act": shape.activation.huggingFace,
            "layer_norm_eps": shape.eps, "num_channels": 3,
        ]
    }
}

extension HuggingFaceFamily {
    static let sams: [HuggingFaceFamily] = [
        HuggingFaceFamily(
            "sam_vision_model", ["SamVisionModel"], configuration: { ($0 as? SAM)?.transformersConfig }, make: { try SAM($0) }),
        HuggingFaceFamily("sam", ["SamModel"]) { try SAM($0.object("vision_config")) },
        HuggingFaceFamily("sam_hq_vision_model", ["SamHQVisionModel"]) { try SAM($0) },
        HuggingFaceFamily("sam_hq", ["SamHQModel"]) { try SAM($0.object("vision_config")) },
    ]
}

extension BackboneKind {
    static let sams: [BackboneKind] = [
        sam("base", "vit_b"),
        sam("large", "vit_l") { ($0.width, $0.depth, $0.heads, $0.hidden, $0.globalBlocks) = (1024, 24, 16, 4096, [5, 11, 17, 23]) },
        sam("huge", "vit_h") { ($0.width, $0.depth, $0.heads, $0.hidden, $0.globalBlocks) = (1280, 32, 16, 5120, [7, 15, 23, 31]) },
        BackboneKind(
            "sam-base-224", aliases: ["timm:samvit_base_patch16_224"], patchSize: 16, sizeMultiple: 16, license: "Apache-2.0",
            source: "Kirillov et al. 2023, timm", isPlain: true, hasTokens: false
        ) { options in
            var shape = SAM.Configuration()
            (shape.imageSize, shape.neck, shape.hasPositions) = (224, nil, false)
            return SAM(shape, classes: options.classes)
        },
    ]

    private static func sam(
        _ size: String, _ official: String, _ change: @escaping @Sendable (inout SAM.Configuration) -> Void = { _ in }
    ) -> BackboneKind {
        BackboneKind(
            "sam-\(size)", aliases: ["timm:samvit_\(size)_patch16", "timm:samvit_\(size)_patch16.sa1b", "segment_anything:\(official)"],
            inputSize: 1024, patchSize: 16, sizeMultiple: 16, license: "Apache-2.0", source: "Kirillov et al. 2023, segment-anything",
            repository: "facebook/sam-vit-\(size)", isPlain: true, hasTokens: false
        ) { options in
            var shape = SAM.Configuration()
            change(&shape)
            return SAM(shape, classes: options.classes)
        }
    }
}
