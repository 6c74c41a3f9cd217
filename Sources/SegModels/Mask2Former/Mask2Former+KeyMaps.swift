import Torch

extension MaskNetwork {
    /// Files of whole networks, by the authors and by transformers, and of the backbone alone.
    var maskKeyMaps: [KeyMap] {
        let dropped = backbone.classifierTensors
        var backboneMaps = backbone.keyMaps
        if backbone is ResNet { backboneMaps.append(.detectronResNet) }
        let whole = [KeyMap.transformersMask2Former("model."), .transformersMask2Former(""), .officialMask2Former].flatMap { head in
            let below = backboneMaps.filter { $0.origin == head.origin }
            return below.map { KeyMap.joining(head, $0, dropping: dropped) }
                + [.joining(head, below.first?.recognizedByHead ?? KeyMap("", recognizedBy: []), dropping: dropped)]
        }
        return whole + backbone.keyMaps.map { $0.below("backbone.", dropping: dropped) }
    }
}

extension KeyMap {
    /// The authors' files: detectron2's names, ours below `sem_seg_head`.
    fileprivate static let officialMask2Former = KeyMap(
        "the authors' Mask2Former", .official, recognizedBy: ["sem_seg_head.predictor.query_embed.weight"],
        rules: [
            .rename("sem_seg_head.predictor.static_query.*", to: "predictor.query_feat.*"),
            .rename("sem_seg_head.*", to: "*"), .drop("criterion.*"),
        ])

    /// detectron2's names of the very network that torchvision has.
    fileprivate static let detectronResNet = KeyMap(
        "detectron2's ResNet", .official, recognizedBy: ["stem.conv1.weight"],
        rules: [.rename("stem.conv1.norm.*", to: "bn1.*"), .rename("stem.conv1.*", to: "conv1.*")]
            + (1...4).flatMap { stage -> [Rule] in
                let (theirs, ours) = ("res\(stage + 1).*", "layer\(stage).*")
                let convs: [Rule] = (1...3).map { .rename("\(theirs).conv\($0).norm.*", to: "\(ours).bn\($0).*") }
                return convs + [
                    .rename("\(theirs).shortcut.norm.*", to: "\(ours).downsample.1.*"),
                    .rename("\(theirs).shortcut.*", to: "\(ours).downsample.0.*"), .rename(theirs, to: ours),
                ]
            }, isBackbone: true)

    /// - Parameter place: before all names but the classifier's; "" in files of `Mask2FormerModel`.
    fileprivate static func transformersMask2Former(_ place: String) -> KeyMap {
        let (pixels, queries) = ("\(place)pixel_level_module.decoder.", "\(place)transformer_module.")
        func renamed(_ theirs: String, _ ours: String, _ names: KeyValuePairs<String, String>) -> [Rule] {
            names.map { .rename("\(theirs)\($0.key).*", to: "\(ours)\($0.value).*") }
        }
        let pixelLayer = renamed(
            "\(pixels)encoder.layers.*.", "pixel_decoder.transformer.encoder.layers.*.",
            ["self_attn_layer_norm": "norm1", "fc1": "linear1", "fc2": "linear2", "final_layer_norm": "norm2", "self_attn": "self_attn"])
        let pixelDecoder =
            [.rename("\(pixels)level_embed", to: "pixel_decoder.transformer.level_embed")]
            + renamed(pixels, "pixel_decoder.", ["input_projections": "input_proj", "mask_projection": "mask_features"])
            + ["adapter", "layer"].flatMap { name -> [Rule] in
                [
                    .rename("\(pixels)\(name)_*.1.*", to: "pixel_decoder.\(name)_*.norm.*"),
                    .rename("\(pixels)\(name)_*.0.*", to: "pixel_decoder.\(name)_*.*"),
                ]
            }
        let layer = "\(queries)decoder.layers.*."
        let selfAttention = ["weight", "bias"].map { leaf in
            Rule.join(
                ["q", "k", "v"].map { "\(layer)self_attn.\($0)_proj.\(leaf)" },
                to: "predictor.transformer_self_attention_layers.*.self_attn.in_proj_\(leaf)")
        }
        let queryLayer =
            renamed(layer, "predictor.transformer_self_attention_layers.*.", ["self_attn_layer_norm": "norm", "self_attn": "self_attn"])
            + renamed(
                layer, "predictor.transformer_cross_attention_layers.*.", ["cross_attn_layer_norm": "norm", "cross_attn": "multihead_attn"])
            + renamed(layer, "predictor.transformer_ffn_layers.*.", ["final_layer_norm": "norm", "fc1": "linear1", "fc2": "linear2"])
        let predictor =
            renamed(
                queries, "predictor.",
                [
                    "queries_embedder": "query_embed", "queries_features": "query_feat", "input_projections": "input_proj",
                    "level_embed": "level_embed", "decoder.layernorm": "decoder_norm",
                ]) + [
                .rename("\(queries)decoder.mask_predictor.mask_embedder.*.0.*", to: "predictor.mask_embed.layers.*.*"),
                .rename("class_predictor.*", to: "predictor.class_embed.*"), .drop("criterion.*"),
            ]
        return KeyMap(
            "transformers' Mask2Former", .transformers, recognizedBy: ["\(queries)queries_embedder.weight"],
            rules: pixelLayer + pixelDecoder + selfAttention + queryLayer + predictor, backbonePrefix: "\(place)pixel_level_module.encoder."
        )
    }
}
