import Support
import TorchNN

extension Hiera {
    var fileMaps: [KeyMap] {
        let transformers = ["hiera.", ""].map(transformersMap)
        return [
            KeyMap(
                "the authors' Hiera", .official,
                recognizedBy: ["head.projection.weight", "norm.weight", "encoder_norm.weight", "pos_embed_abs"],
                butNot: ["*embeddings.patch_embeddings.*"],
                rules: [
                    .rename("head.projection.*", to: "head.fc.*"), .rename("norm.*", to: "head.norm.*"),
                    .rename("pos_embed_abs", to: "pos_embed"), .drop("encoder_norm.*"),
                    .drop("decoder_*"), .drop("multi_scale_fusion_heads.*"), .drop("mask_token"),
                ],
                isBackbone: true)
        ] + (head?.fc == nil ? transformers.reversed() : transformers) + [
            KeyMap("timm's Hiera", .timm, recognizedBy: ["patch_embed.proj.weight"], isBackbone: true)
        ]
    }

    /// - Parameter prefix: before the names of the network itself, in files of a class that has it as a part.
    private func transformersMap(_ prefix: String) -> KeyMap {
        var rules: [KeyMap.Rule] = [
            .rename("\(prefix)embeddings.patch_embeddings.projection.*", to: "patch_embed.proj.*"),
            .rename("\(prefix)embeddings.position_embeddings", to: "pos_embed"),
            .rename("\(prefix)pooler.layernorm.*", to: "head.norm.*"), .rename("classifier.*", to: "head.fc.*"),
            .drop("hidden_states_norms.stem.*"), .drop("decoder.*"), .drop("encoder_norm.*"), .drop("multiscale_fusion.*"),
        ]
        var block = 0
        for (stage, depth) in configuration.depths.enumerated() {
            for layer in 0..<depth {
                let (theirs, own) = ("\(prefix)encoder.stages.\(stage).layers.\(layer)", "blocks.\(block)")
                rules += [
                    .rename("\(theirs).layernorm_before.*", to: "\(own).norm1.*"),
                    .rename("\(theirs).layernorm_after.*", to: "\(own).norm2.*"), .rename("\(theirs).*", to: "\(own).*"),
                ]
                block += 1
            }
        }
        return KeyMap(
            "transformers' Hiera", .transformers, recognizedBy: ["\(prefix)embeddings.patch_embeddings.projection.weight"], rules: rules,
            isBackbone: true)
    }

    convenience init(_ config: HuggingFaceConfig) throws {
        var shape = Configuration()
        shape.depths = try config.ints("depths", shape.depths)
        shape.heads = try config.ints("num_heads", shape.heads)
        guard shape.depths.count == 4, shape.heads.count == 4 else {
            throw UserError(
                "\(config.source): depths has \(shape.depths.count) and num_heads \(shape.heads.count) entries",
                hint: "Expected four stages.")
        }
        let (width, factor) = (Double(try config.int("embed_dim", 96)), try config.double("embed_dim_multiplier", 2))
        var growth = 1.0
        for stage in 0..<4 {
            shape.widths[stage] = Int(width * growth)
            growth *= factor
        }
        shape.imageSize = try config.pair("image_size", [224, 224])
        shape.kernel = try config.pair("patch_size", [7, 7])
        shape.stride = try config.pair("patch_stride", [4, 4])
        shape.padding = try config.pair("patch_padding", [3, 3])
        shape.unit = try config.pair("masked_unit_size", [8, 8])
        shape.poolStride = try config.pair("query_stride", [2, 2])
        shape.poolings = try config.int("num_query_pool", 3)
        shape.staysInUnits = try config.bools("masked_unit_attention", [true, true, false, false])
        shape.ratio = try config.double("mlp_ratio", 4)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-6)
        shape.dropPath = try config.double("drop_path_rate", 0)
        try shape.check(config)
        let architecture = config.architecture ?? "HieraModel"
        if architecture == "HieraBackbone" {
            let names = try config.strings("out_features", ["stage4"])
            shape.normalizedStages = (1...4).filter { names.contains("stage\($0)") }
        }
        shape.hasHead = architecture == "HieraModel"
        self.init(shape, classes: architecture == "HieraForImageClassification" ? try config.classes() : nil)
        card.inputSize = shape.imageSize[0] == shape.imageSize[1] ? shape.imageSize[0] : nil
        card.sizeMultiple = shape.sizeMultiples.max()!
        card.license = BackboneKind.hieraLicense
        card.source = "Ryali et al. 2023"
    }

    /// As transformers' class for what this network has: a classifier, normalised maps, or neither. Nil for what it can't be.
    var transformersConfig: [String: any Sendable]? {
        let shape = configuration
        let factor = Double(shape.widths[1]) / Double(shape.widths[0])
        let grown = (0..<4).map { stage in Int((0..<stage).reduce(Double(shape.widths[0])) { width, _ in width * factor }) }
        guard posEmbedWin == nil, shape.layerScale == nil, shape.projects, grown == shape.widths else { return nil }
        let isBackbone = shape.normalizedStages != nil
        var values: [String: any Sendable] = [
            "architectures": [isBackbone ? "HieraBackbone" : head?.fc != nil ? "HieraForImageClassification" : "HieraModel"],
            "embed_dim": shape.widths[0], "embed_dim_multiplier": factor, "depths": shape.depths, "num_heads": shape.heads,
            "image_size": shape.imageSize, "patch_size": shape.kernel, "patch_stride": shape.stride, "patch_padding": shape.padding,
            "masked_unit_size": shape.unit, "query_stride": shape.poolStride, "num_query_pool": shape.poolings,
            "masked_unit_attention": shape.staysInUnits, "mlp_ratio": shape.ratio, "hidden_act": shape.activation.huggingFace,
            "layer_norm_eps": shape.eps, "drop_path_rate": shape.dropPath,
        ]
        if let stages = shape.normalizedStages { values["out_features"] = stages.map { "stage\($0)" } }
        if let classes = head?.fc?.weight.size(0) { values["num_labels"] = classes }
        return values
    }
}

extension Hiera.Configuration {
    /// Refuses shapes that the network can't have.
    fileprivate func check(_ config: HuggingFaceConfig) throws {
        func require(_ condition: Bool, _ message: String) throws {
            guard condition else { throw UserError("\(config.source): \(message)", hint: "Is the file as transformers wrote it?") }
        }
        try require(
            (0..<4).allSatisfy { heads[$0] > 0 && widths[$0] % heads[$0] == 0 }, "widths \(widths) do not divide by num_heads \(heads)")
        try require(staysInUnits.count == 4, "masked_unit_attention has \(staysInUnits.count) entries, expected 4")
        try require((0...3).contains(poolings), "num_query_pool is \(poolings), expected 0 to 3")
        let all = stride + unit + poolStride
        try require(all.allSatisfy { $0 > 0 }, "strides and units must be positive, found \(all)")
        let fits = (0..<2).allSatisfy { (1...stride[$0]).contains(kernel[$0] - 2 * padding[$0]) }
        try require(fits, "patches of \(kernel) with padding \(padding) and stride \(stride) do not give one token a stride")
        let (area, pool) = (unit[0] * unit[1], poolStride[0] * poolStride[1])
        try require(area % (pool * pool * pool) == 0, "a unit of \(unit) can't be pooled three times by \(poolStride)")
    }
}

extension HuggingFaceConfig {
    /// Two whole numbers, or one for both.
    func pair(_ key: String, _ fallback: [Int]) throws -> [Int] {
        if let side = try? int(key, fallback[0]), has(key) { return [side, side] }
        let found = try ints(key, fallback)
        guard found.count == 2 else { throw UserError("\(source): '\(key)' is \(found)", hint: "Expected height and width.") }
        return found
    }
}

extension HuggingFaceFamily {
    static let hieras: [HuggingFaceFamily] = [
        HuggingFaceFamily(
            "hiera", ["HieraModel", "HieraForImageClassification", "HieraBackbone", "HieraForPreTraining"],
            configuration: { ($0 as? Hiera)?.transformersConfig }, make: { try Hiera($0) }),
        HuggingFaceFamily("sam2_hiera_det_model", ["Sam2HieraDetModel"]) { try HieraDet(trunk: $0, neck: nil) },
        HuggingFaceFamily(
            "sam2_vision_model", ["Sam2VisionModel"], configuration: { ($0 as? HieraDet)?.transformersConfig },
            make: { try HieraDet(trunk: $0.object("backbone_config", isOptional: true), neck: $0) }),
        HuggingFaceFamily("sam2", ["Sam2Model"]) { try HieraDet(whole: $0) },
        HuggingFaceFamily("sam2_video", ["Sam2VideoModel"]) { try HieraDet(whole: $0) },
    ]
}
