import Support
import TorchNN

extension VisionTransformer {
    /// - Parameter config: of one of the `HuggingFaceFamily` rows below.
    convenience init(_ config: HuggingFaceConfig, _ family: Family) throws {
        var shape = Configuration()
        shape.family = family
        shape.width = try config.int("hidden_size", family == .dinov3 ? 384 : 768)
        shape.depth = try config.int("num_hidden_layers", 12)
        shape.heads = try config.int("num_attention_heads", family == .dinov3 ? 6 : 12)
        shape.patch = try config.side("patch_size", family == .clip ? 32 : family == .dinov2 || family == .dinov2Registers ? 14 : 16)
        shape.imageSize = try config.side("image_size", 224)
        try config.requireColorImages()
        guard shape.width > 0, shape.depth > 0, shape.heads > 0, shape.width % shape.heads == 0, shape.patch > 0 else {
            throw UserError(
                "\(config.source): \(shape.heads) attention heads do not divide \(shape.width) channels", hint: "Is the file complete?")
        }
        guard shape.imageSize >= shape.patch else {
            throw UserError(
                "\(config.source): an image of \(shape.imageSize) pixels has no patch of \(shape.patch)", hint: "Is the file complete?")
        }
        var classes: Int?
        switch family {
        case .dinov2, .dinov2Registers: classes = try Self.readDINOv2(config, &shape)
        case .dinov3: try Self.readDINOv3(config, &shape)
        case .clip, .siglip: try Self.readTower(config, &shape)
        default: classes = try Self.readViT(config, &shape)
        }
        self.init(shape, classes: classes)
        card.patchSize = shape.patch
        card.inputSize = shape.imageSize
        card.sizeMultiple = shape.patch
        card.classes = classes ?? 0
    }

    private static func readViT(_ config: HuggingFaceConfig, _ shape: inout Configuration) throws -> Int? {
        let name = config.architecture ?? ""
        shape.hidden = try config.int("intermediate_size", 3072)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-12)
        shape.hasAttentionBias = try config.bool("qkv_bias", true)
        if shape.family == .deit {
            shape.hasDistillationToken = true
            shape.hasDistillationHead = name.hasSuffix("WithTeacher")
            shape.positions = Positions(prefix: 2)
        }
        return name.contains("ForImageClassification") ? try config.classes() : nil
    }

    private static func readDINOv2(_ config: HuggingFaceConfig, _ shape: inout Configuration) throws -> Int? {
        let isGated = try config.bool("use_swiglu_ffn", false)
        shape.hidden = dinov2Hidden(shape.width, ratio: try config.int("mlp_ratio", 4), isGated: isGated)
        shape.mlp = isGated ? .gated(isNormed: false) : .plain
        shape.activation = isGated ? .silu : try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-6)
        shape.hasAttentionBias = try config.bool("qkv_bias", true)
        shape.layerScale = try config.double("layerscale_value", 1)
        shape.dropPath = try config.double("drop_path_rate", 0)
        shape.registers = shape.family == .dinov2Registers ? try config.int("num_register_tokens", 4) : 0
        shape.pooling = .classTokenAndMean
        return config.architecture?.contains("ForImageClassification") == true ? try config.classes() : nil
    }

    /// Of a gated MLP two thirds are kept, rounded up to eights.
    private static func dinov2Hidden(_ width: Int, ratio: Int, isGated: Bool) -> Int {
        isGated ? (width * ratio * 2 / 3 + 7) / 8 * 8 : width * ratio
    }

    private static func readDINOv3(_ config: HuggingFaceConfig, _ shape: inout Configuration) throws {
        shape.hidden = try config.int("intermediate_size", 1536)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-5)
        shape.mlp = try config.bool("use_gated_mlp", false) ? .gated(isNormed: false) : .plain
        let (query, key, value) = (
            try config.bool("query_bias", true), try config.bool("key_bias", false), try config.bool("value_bias", true)
        )
        shape.hasAttentionBias = query || key || value
        shape.hasProjectionBias = try config.bool("proj_bias", true)
        shape.hasMLPBias = try config.bool("mlp_bias", true)
        shape.layerScale = try config.double("layerscale_value", 1)
        shape.dropPath = try config.double("drop_path_rate", 0)
        shape.registers = try config.int("num_register_tokens", 0)
        shape.positions = nil
        shape.rotary = .centered(theta: try config.double("rope_theta", 100))
        guard shape.width / shape.heads % 4 == 0 else {
            throw UserError(
                "\(config.source): heads of \(shape.width / shape.heads) channels cannot be turned in two dimensions",
                hint: "Expected a multiple of 4: hidden_size over num_attention_heads.")
        }
    }

    private static func readTower(_ config: HuggingFaceConfig, _ shape: inout Configuration) throws {
        let isCLIP = shape.family == .clip
        shape.hidden = try config.int("intermediate_size", 3072)
        shape.activation = try config.activation("hidden_act", isCLIP ? .quickGelu : .geluTanh)
        shape.eps = try config.double("layer_norm_eps", isCLIP ? 1e-5 : 1e-6)
        shape.hasClassToken = isCLIP
        shape.hasNormBefore = isCLIP
        shape.hasPatchBias = !isCLIP
        shape.positions = Positions(prefix: isCLIP ? 1 : 0)
    }

    // MARK: Writing

    /// This network's config.json, in the architecture that transformers has for it; nil if it has none.
    var transformersConfig: [String: any Sendable]? {
        guard let names = Self.transformersNames[configuration.family] else { return nil }
        let shape = configuration
        let architecture = head == nil ? names.model : names.classifier(hasTeacher: headDist != nil)
        guard let architecture else { return nil }
        var values: [String: any Sendable] = [
            "model_type": names.type, "architectures": [architecture], "hidden_size": shape.width, "num_hidden_layers": shape.depth,
            "num_attention_heads": shape.heads, "patch_size": shape.patch, "image_size": shape.imageSize, "num_channels": 3,
            "layer_norm_eps": shape.eps, "hidden_act": shape.activation.huggingFace, "qkv_bias": shape.hasAttentionBias,
            "intermediate_size": shape.hidden,
        ]
        if let head { values["num_labels"] = head.weight.size(0) }
        switch shape.family {
        case .dinov2, .dinov2Registers:
            let isGated = shape.mlp != .plain
            values["use_swiglu_ffn"] = isGated
            guard let ratio = (1...64).first(where: { Self.dinov2Hidden(shape.width, ratio: $0, isGated: isGated) == shape.hidden })
            else { return nil }
            values["mlp_ratio"] = ratio
            values["hidden_act"] = isGated ? "gelu" : shape.activation.huggingFace
            values["layerscale_value"] = shape.layerScale ?? 1
            values["drop_path_rate"] = shape.dropPath
            if shape.registers > 0 { values["num_register_tokens"] = shape.registers }
        case .dinov3:
            values["use_gated_mlp"] = shape.mlp != .plain
            values["layerscale_value"] = shape.layerScale ?? 1
            values["num_register_tokens"] = shape.registers
            let bias = blocks.first?.attn.qkv.bias?.chunk(3, 0).map { $0.abs().amax().item() != 0 }
            values["query_bias"] = shape.hasAttentionBias
            values["key_bias"] = bias?[1] ?? false
            values["value_bias"] = shape.hasAttentionBias
            values["proj_bias"] = shape.hasProjectionBias
            values["mlp_bias"] = shape.hasMLPBias
            if case .centered(let theta)? = shape.rotary { values["rope_theta"] = theta }
        case .siglip: values["vision_use_head"] = false
        default: break
        }
        return values
    }

    private struct Names {
        let type: String
        let model: String
        var classified: String?

        func classifier(hasTeacher: Bool) -> String? { classified.map { $0 + (hasTeacher ? "WithTeacher" : "") } }
    }

    private static let transformersNames: [Family: Names] = [
        .vit: Names(type: "vit", model: "ViTModel", classified: "ViTForImageClassification"), .dino: Names(type: "vit", model: "ViTModel"),
        .deit: Names(type: "deit", model: "DeiTModel", classified: "DeiTForImageClassification"),
        .mae: Names(type: "vit_mae", model: "ViTMAEModel"),
        .dinov2: Names(type: "dinov2", model: "Dinov2Model", classified: "Dinov2ForImageClassification"),
        .dinov2Registers: Names(
            type: "dinov2_with_registers", model: "Dinov2WithRegistersModel", classified: "Dinov2WithRegistersForImageClassification"),
        .dinov3: Names(type: "dinov3_vit", model: "DINOv3ViTModel"), .clip: Names(type: "clip_vision_model", model: "CLIPVisionModel"),
        .siglip: Names(type: "siglip_vision_model", model: "SiglipVisionModel"),
    ]
}

extension HuggingFaceFamily {
    static let visionTransformers: [HuggingFaceFamily] = [
        row("vit", ["ViTModel", "ViTForImageClassification"], .vit),
        row("deit", ["DeiTModel", "DeiTForImageClassification", "DeiTForImageClassificationWithTeacher"], .deit),
        row("vit_mae", ["ViTMAEModel", "ViTMAEForPreTraining"], .mae),
        row("dinov2", ["Dinov2Model", "Dinov2Backbone", "Dinov2ForImageClassification"], .dinov2),
        row(
            "dinov2_with_registers",
            ["Dinov2WithRegistersModel", "Dinov2WithRegistersBackbone", "Dinov2WithRegistersForImageClassification"], .dinov2Registers),
        row("dinov3_vit", ["DINOv3ViTModel", "DINOv3ViTBackbone"], .dinov3),
        row("clip_vision_model", ["CLIPVisionModel", "CLIPVisionModelWithProjection"], .clip),
        row("siglip_vision_model", ["SiglipVisionModel"], .siglip),
        HuggingFaceFamily("clip", ["CLIPModel"]) { try VisionTransformer($0.object("vision_config"), .clip) },
        HuggingFaceFamily("siglip", ["SiglipModel"]) { try VisionTransformer($0.object("vision_config"), .siglip) },
    ]

    private static func row(_ type: String, _ architectures: [String], _ family: VisionTransformer.Family) -> HuggingFaceFamily {
        HuggingFaceFamily(
            type, architectures,
            configuration: { model in
                guard let values = (model as? VisionTransformer)?.transformersConfig else { return nil }
                return values["model_type"] as? String == type ? values : nil
            },
            make: { try VisionTransformer($0, family) })
    }
}
