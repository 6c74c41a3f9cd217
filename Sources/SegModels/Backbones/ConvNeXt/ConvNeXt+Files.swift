import Support
import Torch
import TorchNN

extension ConvNeXt {
    var maps: [KeyMap] {
        [Self.transformers(configuration, classifies: head != nil), Self.torchvision, Self.timm, Self.mmseg, Self.official]
    }

    private static let official = KeyMap(
        "ConvNeXt's", .official, recognizedBy: ["downsample_layers.0.0.weight"], butNot: ["stages.0.0.depthwise_conv.weight"],
        isBackbone: true)

    private static let mmseg = KeyMap(
        "mmsegmentation's ConvNeXt", .mmseg, recognizedBy: ["stages.0.0.depthwise_conv.weight"],
        rules: [
            .rename("stages.*.depthwise_conv.*", to: "stages.*.dwconv.*"), .rename("stages.*.pointwise_conv1.*", to: "stages.*.pwconv1.*"),
            .rename("stages.*.pointwise_conv2.*", to: "stages.*.pwconv2.*"),
            .rename("stages.*.grn.weight", to: "stages.*.grn.gamma"), .rename("stages.*.grn.bias", to: "stages.*.grn.beta"),
        ].map(flatGRN), isBackbone: true)

    private static let timm = KeyMap(
        "timm's ConvNeXt", .timm, recognizedBy: ["stem.0.weight"], alongside: ["stages.0.blocks.0.conv_dw.weight"],
        rules: [
            .rename("stem.*", to: "downsample_layers.0.*"),
            // Small ones have 1×1 convolutions in place of linear layers.
            .convert("stages.*.blocks.*.mlp.fc1.weight", to: "stages.*.*.pwconv1.weight", load: { $0.flatten(1) }, save: { $0 }),
            .convert("stages.*.blocks.*.mlp.fc2.weight", to: "stages.*.*.pwconv2.weight", load: { $0.flatten(1) }, save: { $0 }),
            .rename("stages.*.blocks.*.mlp.fc1.bias", to: "stages.*.*.pwconv1.bias"),
            .rename("stages.*.blocks.*.mlp.fc2.bias", to: "stages.*.*.pwconv2.bias"),
            .rename("stages.*.blocks.*.mlp.grn.weight", to: "stages.*.*.grn.gamma"),
            .rename("stages.*.blocks.*.mlp.grn.bias", to: "stages.*.*.grn.beta"),
            .rename("stages.*.blocks.*.conv_dw.*", to: "stages.*.*.dwconv.*"), .rename("stages.*.blocks.*", to: "stages.*.*"),
            .rename("stages.*.downsample.*", to: "downsample_layers.*.*"), .rename("head.norm.*", to: "norm.*"),
            .rename("head.fc.*", to: "head.*"),
        ].map(flatGRN), isBackbone: true)

    private static let torchvision = KeyMap(
        "torchvision's ConvNeXt", .torchvision, recognizedBy: ["features.1.0.block.0.weight"],
        rules: (0..<4).flatMap { stage -> [KeyMap.Rule] in
            let (theirs, ours) = ("features.\(2 * stage + 1).*.", "stages.\(stage).*.")
            let names = [("block.0.*", "dwconv.*"), ("block.2.*", "norm.*"), ("block.3.*", "pwconv1.*"), ("block.5.*", "pwconv2.*")]
            return names.map { .rename(theirs + $0, to: ours + $1) } + [
                .convert("\(theirs)layer_scale", to: "\(ours)gamma", load: { $0.flatten() }, save: { $0.view(-1, 1, 1) }),
                .rename("features.\(2 * stage).*", to: "downsample_layers.\(stage).*"),
            ]
        } + [.rename("classifier.0.*", to: "norm.*"), .rename("classifier.2.*", to: "head.*")], isBackbone: true)

    /// The authors keep the weights of responses in the shape 1×1×1×C, others as vectors.
    private static func flatGRN(_ rule: KeyMap.Rule) -> KeyMap.Rule {
        guard case .rename(let theirs, let ours) = rule, theirs.contains(".grn.") else { return rule }
        return .convert(theirs, to: ours, load: { $0.view(1, 1, 1, -1) }, save: { $0.flatten() })
    }

    private static func transformers(_ shape: Configuration, classifies: Bool) -> KeyMap {
        let name = shape.normalizesResponses ? "convnextv2." : "convnext."
        let places = classifies ? [name, ""] : ["", name]
        let rules = places.flatMap { place -> [KeyMap.Rule] in
            let (block, ours) = ("\(place)encoder.stages.*.layers.*.", "stages.*.*.")
            // Those of responses first: theirs would pass for a scale of the layer on the way back.
            let names = [
                ("grn.weight", "grn.gamma"), ("grn.bias", "grn.beta"), ("layer_scale_parameter", "gamma"), ("layernorm.*", "norm.*"),
                ("*", "*"),
            ]
            return names.map { .rename(block + $0, to: ours + $1) } + [
                .rename("\(place)embeddings.patch_embeddings.*", to: "downsample_layers.0.0.*"),
                .rename("\(place)embeddings.layernorm.*", to: "downsample_layers.0.1.*"),
                .rename("\(place)encoder.stages.*.downsampling_layer.*", to: "downsample_layers.*.*"),
                .rename("\(place)layernorm.*", to: "norm.*"),
            ]
        }
        let norms: [KeyMap.Rule] = (1...4).map { .rename("hidden_states_norms.stage\($0).*", to: "norm\($0 - 1).*") }
        return KeyMap(
            "transformers' ConvNeXt", .transformers, recognizedBy: places.map { "\($0)embeddings.patch_embeddings.weight" },
            alongside: places.map { "\($0)encoder.stages.0.layers.0.dwconv.weight" },
            rules: rules + norms + [.drop("hidden_states_norms.stem.*"), .rename("classifier.*", to: "head.*")],
            dropping: classifies ? [] : ["norm.*"], isBackbone: true)
    }
}

extension ConvNeXt {
    /// The network of a `config.json` of `convnext` or `convnextv2`.
    /// - Parameter isBackbone: whether it is read as `ConvNextBackbone`: with a norm for each of `out_features`.
    /// - Throws: `UserError` for values that this package has no code for.
    convenience init(_ config: HuggingFaceConfig, isBackbone: Bool, classes: Int? = nil) throws {
        try config.requireColorImages()
        var shape = Configuration()
        shape.widths = try config.ints("hidden_sizes", shape.widths)
        shape.depths = try config.ints("depths", shape.depths)
        try config.requireStages([("hidden_sizes", shape.widths), ("depths", shape.depths)])
        shape.patchSize = try config.side("patch_size", 4)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-12)
        shape.dropPath = try config.double("drop_path_rate", 0)
        if config.modelType == "convnextv2" {
            (shape.layerScale, shape.normalizesResponses) = (nil, true)
        } else {
            let scale = try config.double("layer_scale_init_value", 1e-6)
            shape.layerScale = scale > 0 ? scale : nil
        }
        if isBackbone { shape.normalizedStages = try config.outputStages() }
        self.init(shape, classes: classes)
        card.sizeMultiple = strides[3]
        card.inputSize = try config.side("image_size", 224)
    }

    private var isV2: Bool { configuration.normalizesResponses }

    private var huggingFace: [String: any Sendable] {
        var values: [String: any Sendable] = [
            "hidden_sizes": configuration.widths, "depths": configuration.depths, "num_stages": 4, "patch_size": configuration.patchSize,
            "hidden_act": configuration.activation.huggingFace, "layer_norm_eps": configuration.eps,
            "drop_path_rate": configuration.dropPath, "image_size": card.inputSize ?? 224,
        ]
        if !isV2 { values["layer_scale_init_value"] = configuration.layerScale ?? 0 }
        let name = isV2 ? "ConvNextV2" : "ConvNext"
        values["architectures"] = [head == nil ? "\(name)Backbone" : "\(name)ForImageClassification"]
        if head == nil {
            values["out_features"] = configuration.normalizedStages.sorted().map { "stage\($0)" }
        } else {
            values["num_labels"] = card.classes
        }
        return values
    }

    fileprivate static let families = [("convnext", "ConvNext"), ("convnextv2", "ConvNextV2")].map { type, name in
        HuggingFaceFamily(
            type, ["\(name)Model", "\(name)ForImageClassification", "\(name)Backbone"],
            configuration: { model in
                guard let model = model as? ConvNeXt, model.isV2 == (type == "convnextv2"),
                    model.head != nil || !model.configuration.normalizedStages.isEmpty,
                    // Their stages change the size only where they change the width.
                    !model.isV2 || model.configuration.layerScale == nil
                else { return nil }
                return model.huggingFace
            }
        ) { config in
            let classifies = config.architecture == "\(name)ForImageClassification"
            return try ConvNeXt(config, isBackbone: config.architecture == "\(name)Backbone", classes: classifies ? config.classes() : nil)
        }
    }
}

extension HuggingFaceFamily {
    static let convNeXts = ConvNeXt.families
}

extension BackboneKind {
    /// The authors' sizes; drop path as they trained them on ImageNet-1k.
    static let convNeXts =
        [
            convNeXt("tiny", 96, [3, 3, 9, 3], dropPath: 0.1, torchvision: true),
            convNeXt("small", 96, [3, 3, 27, 3], dropPath: 0.4, torchvision: true),
            convNeXt("base", 128, [3, 3, 27, 3], dropPath: 0.5, torchvision: true),
            convNeXt("large", 192, [3, 3, 27, 3], dropPath: 0.5, torchvision: true),
            convNeXt(
                "xlarge", 256, [3, 3, 27, 3], dropPath: 0.5, tags: ["fb_in22k_ft_in1k", "fb_in22k"],
                repository: "convnext-xlarge-224-22k-1k"),
        ] + [
            convNeXtV2("atto", 40, [2, 2, 6, 2]), convNeXtV2("femto", 48, [2, 2, 6, 2]), convNeXtV2("pico", 64, [2, 2, 6, 2]),
            convNeXtV2("nano", 80, [2, 2, 8, 2]), convNeXtV2("tiny", 96, [3, 3, 9, 3]), convNeXtV2("base", 128, [3, 3, 27, 3]),
            convNeXtV2("large", 192, [3, 3, 27, 3]), convNeXtV2("huge", 352, [3, 3, 27, 3]),
        ]

    private static func convNeXt(
        _ size: String, _ width: Int, _ depths: [Int], dropPath: Double, torchvision: Bool = false,
        tags: [String] = ["fb_in1k", "fb_in22k_ft_in1k", "fb_in22k"], repository: String? = nil
    ) -> BackboneKind {
        let timm = "timm:convnext_\(size)"
        return BackboneKind(
            "convnext-\(size)", aliases: [timm] + tags.map { "\(timm).\($0)" } + (torchvision ? ["torchvision:convnext_\(size)"] : []),
            license: "MIT", source: "Liu et al. 2022, Facebook AI Research", repository: "facebook/\(repository ?? "convnext-\(size)-224")"
        ) { ConvNeXt(.init(width: width, depths: depths, dropPath: dropPath), classes: $0.classes) }
    }

    private static func convNeXtV2(_ size: String, _ width: Int, _ depths: [Int]) -> BackboneKind {
        BackboneKind(
            "convnextv2-\(size)", aliases: ["timm:convnextv2_\(size)", "timm:convnextv2_\(size).fcmae_ft_in1k"],
            license: "MIT (code), CC-BY-NC-4.0 (weights)", source: "Woo et al. 2023, Meta AI",
            repository: "facebook/convnextv2-\(size)-1k-224"
        ) { ConvNeXt(.init(width: width, depths: depths, isV2: true), classes: $0.classes) }
    }
}
