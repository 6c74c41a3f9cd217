import Support
import Torch
import TorchNN

extension Swin {
    var maps: [KeyMap] {
        [
            Self.transformers(isV2: configuration.isV2, classifies: head != nil), Self.torchvision(isV2: configuration.isV2), Self.timm,
            Self.mmseg, Self.official,
        ]
    }

    /// Tables of indices and masks that older files carry along.
    private static let tables: [KeyMap.Rule] = ["relative_position_index", "attn_mask", "relative_coords_table"].map { .drop("*\($0)") }

    private static let official = KeyMap(
        "Swin's", .official, recognizedBy: ["layers.0.blocks.0.attn.qkv.weight"], rules: tables, isBackbone: true)

    /// timm puts the merging of patches before the stage that it leads to.
    private static let timm = KeyMap(
        "timm's Swin", .timm, recognizedBy: ["layers.3.downsample.reduction.weight"],
        rules: tables + (1...3).map { .rename("layers.\($0).downsample.*", to: "layers.\($0 - 1).downsample.*") } + [
            .rename("head.fc.*", to: "head.*")
        ], isBackbone: true)

    /// torchvision's V2 has a bias for keys too, and sets it to zero before each use.
    private static func torchvision(isV2: Bool) -> KeyMap {
        let biases = (0..<4).map { stage in
            let ours = "layers.\(stage).blocks.*.attn"
            return KeyMap.Rule.split(
                "features.\(2 * stage + 1).*.attn.qkv.bias", to: ["\(ours).q_bias", "\(ours).k_bias", "\(ours).v_bias"], parts: [1, 1, 1])
        }
        return KeyMap(
            "torchvision's Swin", .torchvision, recognizedBy: ["features.0.0.weight"], alongside: ["features.1.0.attn.qkv.weight"],
            rules: tables + (isV2 ? biases : []) + [
                .rename("features.0.0.*", to: "patch_embed.proj.*"), .rename("features.0.2.*", to: "patch_embed.norm.*"),
            ]
                + (0..<4).flatMap { stage -> [KeyMap.Rule] in
                    let (theirs, ours) = ("features.\(2 * stage + 1)", "layers.\(stage).blocks")
                    return [
                        .rename("\(theirs).*.mlp.0.*", to: "\(ours).*.mlp.fc1.*"),
                        .rename("\(theirs).*.mlp.3.*", to: "\(ours).*.mlp.fc2.*"),
                        .rename("\(theirs).*", to: "\(ours).*"), .rename("features.\(2 * stage + 2).*", to: "layers.\(stage).downsample.*"),
                    ]
                }, dropping: ["*.attn.k_bias"], isBackbone: true)
    }

    /// mmsegmentation merges patches by `nn.Unfold`, whose columns are ordered by channel first.
    private static let mmseg = KeyMap(
        "mmsegmentation's Swin", .mmseg, recognizedBy: ["stages.0.blocks.0.attn.w_msa.qkv.weight"],
        rules: tables + [
            .rename("patch_embed.projection.*", to: "patch_embed.proj.*"),
            .rename("stages.*.blocks.*.attn.w_msa.*", to: "layers.*.blocks.*.attn.*"),
            .rename("stages.*.blocks.*.ffn.layers.0.0.*", to: "layers.*.blocks.*.mlp.fc1.*"),
            .rename("stages.*.blocks.*.ffn.layers.1.*", to: "layers.*.blocks.*.mlp.fc2.*"),
            .convert(
                "stages.*.downsample.reduction.weight", to: "layers.*.downsample.reduction.weight",
                load: { byPlace($0, $0.shape) }, save: { byChannel($0, $0.shape) }),
            .convert(
                "stages.*.downsample.norm.*", to: "layers.*.downsample.norm.*",
                load: { byPlace($0, [1] + $0.shape).reshape([-1]) }, save: { byChannel($0, [1] + $0.shape).reshape([-1]) }),
            .rename("stages.*", to: "layers.*"),
        ], isBackbone: true)

    /// Columns (channel, row, column) to (column, row, channel).
    private static func byPlace(_ x: Tensor, _ shape: [Int]) -> Tensor {
        x.reshape(shape[0], shape[1] / 4, 2, 2).permute(0, 3, 2, 1).reshape(shape)
    }

    private static func byChannel(_ x: Tensor, _ shape: [Int]) -> Tensor {
        x.reshape(shape[0], 2, 2, shape[1] / 4).permute(0, 3, 2, 1).reshape(shape)
    }

    /// The names in files; since version 5 transformers has others in memory, which it may save too.
    private static func transformers(isV2: Bool, classifies: Bool) -> KeyMap {
        let name = isV2 ? "swinv2." : "swin."
        let places = classifies ? [name, ""] : ["", name]
        let rules = places.flatMap { place -> [KeyMap.Rule] in
            let (block, ours) = ("\(place)encoder.layers.*.blocks.*.", "layers.*.blocks.*.")
            let pieces = [("attention.self.", ["query", "key", "value"]), ("attention.", ["q_proj", "k_proj", "v_proj"])]
            let joins = pieces.flatMap { path, names in
                (isV2 ? ["weight"] : ["weight", "bias"]).map { leaf in
                    KeyMap.Rule.join(names.map { "\(block)\(path)\($0).\(leaf)" }, to: "\(ours)attn.qkv.\(leaf)")
                }
            }
            let names = [
                ("attention.self.relative_position_bias_table", "attn.relative_position_bias_table"),
                ("attention.relative_position_bias.relative_position_bias_table", "attn.relative_position_bias_table"),
                ("attention.self.query.bias", "attn.q_bias"), ("attention.self.value.bias", "attn.v_bias"),
                ("attention.self.logit_scale", "attn.logit_scale"), ("attention.self.continuous_position_bias_mlp.*", "attn.cpb_mlp.*"),
                ("attention.output.dense.*", "attn.proj.*"), ("attention.o_proj.*", "attn.proj.*"),
                ("intermediate.dense.*", "mlp.fc1.*"), ("output.dense.*", "mlp.fc2.*"), ("mlp.*", "mlp.*"),
                ("layernorm_before.*", "norm1.*"), ("layernorm_after.*", "norm2.*"),
            ]
            return joins + names.map { .rename(block + $0, to: ours + $1) } + [
                .rename("\(place)encoder.layers.*.downsample.*", to: "layers.*.downsample.*"),
                .rename("\(place)embeddings.patch_embeddings.projection.*", to: "patch_embed.proj.*"),
                .rename("\(place)embeddings.norm.*", to: "patch_embed.norm.*"),
                .rename("\(place)embeddings.position_embeddings", to: "absolute_pos_embed"),
                .drop("\(place)embeddings.mask_token"), .rename("\(place)layernorm.*", to: "norm.*"),
            ]
        }
        let norms: [KeyMap.Rule] = (1...4).map { .rename("hidden_states_norms.stage\($0).*", to: "norm\($0 - 1).*") }
        return KeyMap(
            "transformers' Swin", .transformers,
            recognizedBy: places.flatMap { place in
                ["self.query", "q_proj"].map { "\(place)encoder.layers.0.blocks.0.attention.\($0).weight" }
            },
            rules: tables + rules + norms + [
                .drop("hidden_states_norms.stem.*"), .drop("decoder.*"), .rename("classifier.*", to: "head.*"),
            ], dropping: classifies ? [] : ["norm.*"], isBackbone: true)
    }
}

extension Swin {
    /// The network of a `config.json`.
    /// - Parameter isBackbone: whether it is read as `SwinBackbone`: with a norm for each of `out_features`, and all windows shifted.
    /// - Throws: `UserError` for values that this package has no code for.
    convenience init(_ config: HuggingFaceConfig, isBackbone: Bool, classes: Int? = nil) throws {
        var shape = Configuration()
        try config.requireColorImages()
        (shape.depths, shape.heads) = (try config.ints("depths", [2, 2, 6, 2]), try config.ints("num_heads", [3, 6, 12, 24]))
        shape.width = try config.int("embed_dim", 96)
        try config.requireStages([("depths", shape.depths), ("num_heads", shape.heads)])
        try config.requireHeads(zip(shape.heads, shape.widths))
        shape.window = try config.int("window_size", 7)
        shape.patchSize = try config.side("patch_size", 4)
        shape.ratio = try config.double("mlp_ratio", 4)
        shape.hasQKVBias = try config.bool("qkv_bias", true)
        if try config.bool("use_absolute_embeddings", false) {
            let side = try config.side("image_size", 224) / shape.patchSize
            shape.positions = [side, side]
        }
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-5)
        shape.dropPath = try config.double("drop_path_rate", 0.1)
        shape.dropout = try config.double("hidden_dropout_prob", 0)
        shape.attentionDropout = try config.double("attention_probs_dropout_prob", 0)
        if config.modelType == "swinv2" {
            (shape.isV2, shape.shift) = (true, .always)
            shape.grid = try config.side("image_size", 224) / shape.patchSize
            shape.trainedWindows = try config.ints("pretrained_window_sizes", [0, 0, 0, 0])
            guard shape.trainedWindows?.count == 4 else {
                throw UserError("\(config.source): 'pretrained_window_sizes' has not four entries", hint: "Expected one for each stage.")
            }
        } else if isBackbone {
            shape.shift = .always
            shape.normalizedStages = try config.outputStages()
        }
        self.init(shape, classes: classes)
        card.inputSize = try config.side("image_size", 224)
        card.patchSize = nil
        card.sizeMultiple = shape.patchSize << 3
    }

    private var huggingFace: [String: any Sendable] {
        var values: [String: any Sendable] = [
            "embed_dim": configuration.width, "depths": configuration.depths, "num_heads": configuration.heads,
            "window_size": configuration.window, "patch_size": configuration.patchSize, "mlp_ratio": configuration.ratio,
            "qkv_bias": configuration.hasQKVBias, "hidden_act": configuration.activation.huggingFace, "layer_norm_eps": configuration.eps,
            "drop_path_rate": configuration.dropPath, "hidden_dropout_prob": configuration.dropout,
            "attention_probs_dropout_prob": configuration.attentionDropout, "use_absolute_embeddings": configuration.positions != nil,
            "image_size": configuration.positions.map { $0[0] * configuration.patchSize } ?? card.inputSize ?? 224,
        ]
        let name = configuration.isV2 ? "Swinv2" : "Swin"
        values["architectures"] = [head == nil ? "\(name)Backbone" : "\(name)ForImageClassification"]
        if configuration.isV2 {
            values["pretrained_window_sizes"] = configuration.trainedWindows ?? [0, 0, 0, 0]
            if let grid = configuration.grid { values["image_size"] = grid * configuration.patchSize }
        }
        if head != nil {
            values["num_labels"] = card.classes
        } else {
            let stages = configuration.isV2 ? [1, 2, 3, 4] : configuration.normalizedStages.sorted()
            values["out_features"] = stages.map { "stage\($0)" }
        }
        return values
    }

    fileprivate static let families = [("swin", "Swin"), ("swinv2", "Swinv2")].map { type, name in
        HuggingFaceFamily(
            type, ["\(name)Model", "\(name)ForImageClassification", "\(name)Backbone", "\(name)ForMaskedImageModeling"],
            configuration: { model in
                guard let model = model as? Swin, model.configuration.isV2 == (type == "swinv2"), model.configuration.normalizesPatches,
                    model.configuration.isV2 || model.head != nil || !model.configuration.normalizedStages.isEmpty
                else { return nil }
                return model.huggingFace
            }
        ) { config in
            let classifies = config.architecture == "\(name)ForImageClassification"
            return try Swin(config, isBackbone: config.architecture == "\(name)Backbone", classes: classifies ? config.classes() : nil)
        }
    }
}

extension HuggingFaceFamily {
    static let swins = Swin.families
}
