import Support
import TorchNN

extension HieraDet {
    var fileMaps: [KeyMap] {
        let official: [KeyMap.Rule] = [
            .rename("image_encoder.trunk.blocks.*.mlp.layers.0.*", to: "blocks.*.mlp.fc1.*"),
            .rename("image_encoder.trunk.blocks.*.mlp.layers.1.*", to: "blocks.*.mlp.fc2.*"),
            .rename("image_encoder.trunk.*", to: "*"),
            neck == nil ? .drop("image_encoder.neck.*") : .rename("image_encoder.neck.convs.*.conv.*", to: "neck.convs.*.*"),
        ]
        // What the whole of SAM 2 has beside its encoder: prompts, masks, and its memory of a video.
        let rest = [
            "maskmem_*", "no_mem_*", "no_obj_*", "mask_downsample.*", "memory_*", "sam_prompt_encoder.*", "sam_mask_decoder.*",
            "obj_ptr_*", "shared_image_embedding.*", "prompt_encoder.*", "mask_decoder.*", "no_memory_*", "object_pointer_*",
            "temporal_positional_encoding_projection_layer.*", "no_object_pointer", "occlusion_spatial_embedding_parameter",
        ].map(KeyMap.Rule.drop)
        let prefixes = ["backbone.", "vision_encoder.backbone.", ""]
        return [
            KeyMap(
                "the authors' SAM 2", .official, recognizedBy: ["image_encoder.trunk.patch_embed.proj.weight"], rules: official + rest,
                isBackbone: true)
        ] + (neck == nil ? prefixes.reversed() : prefixes).map { transformersMap($0, rest) } + [
            KeyMap("timm's SAM 2", .timm, recognizedBy: ["patch_embed.proj.weight"], isBackbone: true)
        ]
    }

    private func transformersMap(_ prefix: String, _ rest: [KeyMap.Rule]) -> KeyMap {
        let above = prefix.replacing("backbone.", with: "")
        return KeyMap(
            "transformers' SAM 2", .transformers, recognizedBy: ["\(prefix)patch_embed.projection.weight"],
            rules: [
                .rename("\(prefix)patch_embed.projection.*", to: "patch_embed.proj.*"),
                .rename("\(prefix)blocks.*.layer_norm1.*", to: "blocks.*.norm1.*"),
                .rename("\(prefix)blocks.*.layer_norm2.*", to: "blocks.*.norm2.*"),
                .rename("\(prefix)blocks.*.mlp.proj_in.*", to: "blocks.*.mlp.fc1.*"),
                .rename("\(prefix)blocks.*.mlp.proj_out.*", to: "blocks.*.mlp.fc2.*"),
                .rename("\(prefix)blocks.*", to: "blocks.*"), .rename("\(prefix)pos_embed*", to: "pos_embed*"),
                neck == nil ? .drop("\(above)neck.*") : .rename("\(above)neck.*", to: "neck.*"),
            ] + rest, isBackbone: true)
    }

    /// - Parameter config: of a `Sam2Model`.
    convenience init(whole config: HuggingFaceConfig) throws {
        let vision = try config.object("vision_config", isOptional: true)
        try self.init(trunk: vision.object("backbone_config", isOptional: true), neck: vision)
    }

    /// - Parameters:
    ///   - config: a `Sam2HieraDetConfig`.
    ///   - neck: a `Sam2VisionConfig`; nil: there is no neck.
    convenience init(trunk config: HuggingFaceConfig, neck: HuggingFaceConfig?) throws {
        if config.has("model_type") {
            try config.require("model_type", in: ["sam2_hiera_det_model"], default: "sam2_hiera_det_model")
        }
        var shape = Configuration()
        shape.widths = try config.ints("embed_dim_per_stage", shape.widths)
        shape.depths = try config.ints("blocks_per_stage", shape.depths)
        shape.heads = try config.ints("num_attention_heads_per_stage", shape.heads)
        shape.windows = try config.ints("window_size_per_stage", shape.windows)
        shape.globalBlocks = try config.ints("global_attention_blocks", shape.globalBlocks)
        shape.kernel = try config.pair("patch_kernel_size", shape.kernel)
        shape.stride = try config.pair("patch_stride", shape.stride)
        shape.padding = try config.pair("patch_padding", shape.padding)
        shape.poolStride = try config.pair("query_stride", shape.poolStride)
        shape.poolings = try config.int("num_query_pool_stages", 3)
        shape.coarsePositions = try config.pair("window_positional_embedding_background_size", shape.coarsePositions)
        shape.ratio = try config.double("mlp_ratio", 4)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-6)
        let width = try config.int("hidden_size", 96)
        try shape.check(config.source, width)
        if let neck {
            var pyramid = FeaturePyramid.Configuration()
            pyramid.width = try neck.int("fpn_hidden_size", 256)
            pyramid.kernel = try neck.int("fpn_kernel_size", 1)
            pyramid.stride = try neck.int("fpn_stride", 1)
            pyramid.padding = try neck.int("fpn_padding", 0)
            pyramid.topDown = try neck.ints("fpn_top_down_levels", [2, 3])
            pyramid.levels = try neck.int("num_feature_levels", 3)
            let channels = try neck.ints("backbone_channel_list", [768, 384, 192, 96])
            guard channels == shape.widths.reversed(), (1...4).contains(pyramid.levels) else {
                throw UserError(
                    "\(neck.source): backbone_channel_list is \(channels), num_feature_levels \(pyramid.levels)",
                    hint: "Expected \(Array(shape.widths.reversed())), the widths of the stages, and 1 to 4.")
            }
            shape.neck = pyramid
        }
        let side = try config.pair("image_size", [1024, 1024])
        self.init(shape)
        card.inputSize = side[0] == side[1] ? side[0] : nil
        card.license = "Apache-2.0"
        card.source = "Ravi et al. 2024"
    }

    /// As a `Sam2VisionModel`; nil for what transformers' class can't be.
    var transformersConfig: [String: any Sendable]? {
        let shape = configuration
        guard let neck = shape.neck, head == nil, shape.layerScale == nil else { return nil }
        let trunk: [String: any Sendable] = [
            "model_type": "sam2_hiera_det_model", "hidden_size": shape.widths[0], "embed_dim_per_stage": shape.widths,
            "blocks_per_stage": shape.depths, "num_attention_heads_per_stage": shape.heads, "num_attention_heads": shape.heads[0],
            "window_size_per_stage": shape.windows, "global_attention_blocks": shape.globalBlocks, "patch_kernel_size": shape.kernel,
            "patch_stride": shape.stride, "patch_padding": shape.padding, "query_stride": shape.poolStride,
            "num_query_pool_stages": shape.poolings, "window_positional_embedding_background_size": shape.coarsePositions,
            "mlp_ratio": shape.ratio, "hidden_act": shape.activation.huggingFace, "layer_norm_eps": shape.eps,
            "image_size": [card.inputSize ?? 1024, card.inputSize ?? 1024],
        ]
        return [
            "architectures": ["Sam2VisionModel"], "backbone_config": trunk, "backbone_channel_list": Array(shape.widths.reversed()),
            "fpn_hidden_size": neck.width, "fpn_kernel_size": neck.kernel, "fpn_stride": neck.stride, "fpn_padding": neck.padding,
            "fpn_top_down_levels": neck.topDown, "num_feature_levels": neck.levels,
        ]
    }
}

extension HieraDet.Configuration {
    /// Refuses shapes that the network can't have.
    fileprivate func check(_ source: String, _ width: Int) throws {
        func require(_ condition: Bool, _ message: String) throws {
            guard condition else { throw UserError("\(source): \(message)", hint: "Is the file as transformers wrote it?") }
        }
        let counts = [widths.count, depths.count, heads.count, windows.count]
        try require(counts.allSatisfy { $0 == 4 }, "the lists for each stage have \(counts) entries, expected four stages")
        try require(width == widths[0], "hidden_size is \(width) and embed_dim_per_stage starts with \(widths[0])")
        try require((0..<4).allSatisfy { heads[$0] > 0 && widths[$0] % heads[$0] == 0 }, "widths \(widths) do not divide by heads \(heads)")
        try require((0...3).contains(poolings), "num_query_pool_stages is \(poolings), expected 0 to 3")
        try require((stride + poolStride).allSatisfy { $0 > 0 }, "strides must be positive")
        let pooled = (0..<poolings).allSatisfy { windows[$0] % poolStride[0] == 0 && windows[$0] % poolStride[1] == 0 }
        try require(pooled && poolStride[0] == poolStride[1], "windows of \(windows) can't be pooled by \(poolStride)")
        let isPooledWithoutGrowth = (0..<poolings).contains { widths[$0] == widths[$0 + 1] }
        try require(!isPooledWithoutGrowth, "a stage that pools must be wider than the one before, found \(widths)")
    }
}
