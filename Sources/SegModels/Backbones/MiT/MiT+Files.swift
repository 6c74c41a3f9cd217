import Support
import Torch
import TorchNN

extension MiT {
    var maps: [KeyMap] { [Self.transformers(classifies: head != nil), Self.mmseg, Self.official] }

    private static let official = KeyMap(
        "SegFormer's MiT", .official, recognizedBy: ["patch_embed1.proj.weight"], isBackbone: true)

    private static let mmseg = KeyMap(
        "mmsegmentation's MiT", .mmseg, recognizedBy: ["layers.0.0.projection.weight"],
        alongside: ["layers.0.1.0.attn.attn.in_proj_weight"],
        rules: (0..<4).flatMap { stage -> [KeyMap.Rule] in
            let (theirs, ours) = ("layers.\(stage).1.*.", "block\(stage + 1).*.")
            let inputs = ["weight", "bias"].map { leaf in
                KeyMap.Rule.split(
                    "\(theirs)attn.attn.in_proj_\(leaf)", to: ["\(ours)attn.q.\(leaf)", "\(ours)attn.kv.\(leaf)"], parts: [1, 2])
            }
            // Their linear layers are 1×1 convolutions.
            let linear = [("0", "fc1"), ("4", "fc2")].map { place, name in
                KeyMap.Rule.convert(
                    "\(theirs)ffn.layers.\(place).weight", to: "\(ours)mlp.\(name).weight", load: { $0.flatten(1) },
                    save: { $0.unsqueeze(2).unsqueeze(3) })
            }
            return inputs + linear + [
                .rename("\(theirs)ffn.layers.0.bias", to: "\(ours)mlp.fc1.bias"),
                .rename("\(theirs)ffn.layers.1.*", to: "\(ours)mlp.dwconv.dwconv.*"),
                .rename("\(theirs)ffn.layers.4.bias", to: "\(ours)mlp.fc2.bias"),
                .rename("\(theirs)attn.attn.out_proj.*", to: "\(ours)attn.proj.*"), .rename("\(theirs)*", to: "\(ours)*"),
                .rename("layers.\(stage).0.projection.*", to: "patch_embed\(stage + 1).proj.*"),
                .rename("layers.\(stage).0.norm.*", to: "patch_embed\(stage + 1).norm.*"),
                .rename("layers.\(stage).2.*", to: "norm\(stage + 1).*"),
            ]
        }, isBackbone: true)

    /// The names in files, below `segformer.` where there is a head; since version 5 transformers has others in memory, which it may
    /// save too.
    private static func transformers(classifies: Bool) -> KeyMap {
        let places = classifies ? ["segformer.", ""] : ["", "segformer."]
        let rules = places.flatMap { place in (0..<4).flatMap { published(place, $0) + current(place, $0) } }
        return KeyMap(
            "transformers' MiT", .transformers,
            recognizedBy: places.flatMap { ["\($0)encoder.patch_embeddings.0.proj.weight", "\($0)stages.0.patch_embeddings.proj.weight"] },
            rules: rules + [.rename("classifier.*", to: "head.*")], isBackbone: true)
    }

    private static func published(_ place: String, _ stage: Int) -> [KeyMap.Rule] {
        let (block, ours) = ("\(place)encoder.block.\(stage).*.", "block\(stage + 1).*.")
        return joins("\(block)attention.self.", ["key", "value"], ours) + [
            .rename("\(block)attention.self.query.*", to: "\(ours)attn.q.*"),
            .rename("\(block)attention.self.sr.*", to: "\(ours)attn.sr.*"),
            .rename("\(block)attention.self.layer_norm.*", to: "\(ours)attn.norm.*"),
            .rename("\(block)attention.output.dense.*", to: "\(ours)attn.proj.*"),
            .rename("\(block)layer_norm_1.*", to: "\(ours)norm1.*"), .rename("\(block)layer_norm_2.*", to: "\(ours)norm2.*"),
            .rename("\(block)mlp.dense1.*", to: "\(ours)mlp.fc1.*"), .rename("\(block)mlp.dense2.*", to: "\(ours)mlp.fc2.*"),
            .rename("\(block)mlp.dwconv.*", to: "\(ours)mlp.dwconv.*"),
            .rename("\(place)encoder.patch_embeddings.\(stage).proj.*", to: "patch_embed\(stage + 1).proj.*"),
            .rename("\(place)encoder.patch_embeddings.\(stage).layer_norm.*", to: "patch_embed\(stage + 1).norm.*"),
            .rename("\(place)encoder.layer_norm.\(stage).*", to: "norm\(stage + 1).*"),
        ]
    }

    private static func current(_ place: String, _ stage: Int) -> [KeyMap.Rule] {
        let (block, ours) = ("\(place)stages.\(stage).blocks.*.", "block\(stage + 1).*.")
        return joins("\(block)attention.", ["k_proj", "v_proj"], ours) + [
            .rename("\(block)attention.q_proj.*", to: "\(ours)attn.q.*"),
            .rename("\(block)attention.sequence_reduction.sequence_reduction.*", to: "\(ours)attn.sr.*"),
            .rename("\(block)attention.sequence_reduction.layer_norm.*", to: "\(ours)attn.norm.*"),
            .rename("\(block)attention.o_proj.*", to: "\(ours)attn.proj.*"),
            .rename("\(block)layernorm_before.*", to: "\(ours)norm1.*"), .rename("\(block)layernorm_after.*", to: "\(ours)norm2.*"),
            .rename("\(block)mlp.*", to: "\(ours)mlp.*"),
            .rename("\(place)stages.\(stage).patch_embeddings.proj.*", to: "patch_embed\(stage + 1).proj.*"),
            .rename("\(place)stages.\(stage).patch_embeddings.layer_norm.*", to: "patch_embed\(stage + 1).norm.*"),
            .rename("\(place)stages.\(stage).layer_norm.*", to: "norm\(stage + 1).*"),
        ]
    }

    private static func joins(_ path: String, _ names: [String], _ ours: String) -> [KeyMap.Rule] {
        ["weight", "bias"].map { leaf in .join(names.map { "\(path)\($0).\(leaf)" }, to: "\(ours)attn.kv.\(leaf)") }
    }
}

extension MiT {
    /// The network of a `config.json` of transformers' SegFormer, whose norms all have 1e-5 whatever it says.
    /// - Throws: `UserError` for values that this package has no code for.
    convenience init(_ config: HuggingFaceConfig, classes: Int? = nil) throws {
        try config.requireColorImages()
        var shape = Configuration()
        shape.widths = try config.ints("hidden_sizes", shape.widths)
        shape.depths = try config.ints("depths", shape.depths)
        shape.heads = try config.ints("num_attention_heads", shape.heads)
        shape.reductions = try config.ints("sr_ratios", shape.reductions)
        shape.patches = try config.ints("patch_sizes", shape.patches)
        shape.strides = try config.ints("strides", shape.strides)
        shape.ratios = try config.ints("mlp_ratios", shape.ratios)
        try config.requireStages([
            ("hidden_sizes", shape.widths), ("depths", shape.depths), ("num_attention_heads", shape.heads), ("sr_ratios", shape.reductions),
            ("patch_sizes", shape.patches), ("strides", shape.strides), ("mlp_ratios", shape.ratios),
        ])
        try config.requireHeads(zip(shape.heads, shape.widths))
        shape.activation = try config.activation("hidden_act", .gelu)
        (shape.eps, shape.innerEps) = (1e-5, 1e-5)
        shape.dropPath = try config.double("drop_path_rate", 0.1)
        shape.dropout = try config.double("hidden_dropout_prob", 0)
        shape.attentionDropout = try config.double("attention_probs_dropout_prob", 0)
        self.init(shape, classes: classes)
        card.sizeMultiple = strides[3]
    }

    /// The encoder's part of a `config.json` of transformers.
    var huggingFace: [String: any Sendable] {
        [
            "hidden_sizes": configuration.widths, "depths": configuration.depths, "num_attention_heads": configuration.heads,
            "sr_ratios": configuration.reductions, "patch_sizes": configuration.patches, "strides": configuration.strides,
            "mlp_ratios": configuration.ratios, "hidden_act": configuration.activation.huggingFace,
            "drop_path_rate": configuration.dropPath, "hidden_dropout_prob": configuration.dropout,
            "attention_probs_dropout_prob": configuration.attentionDropout, "num_encoder_blocks": 4,
        ]
    }

    /// `SegformerModel` and `SegformerForImageClassification`; the head that segments adds its architecture.
    static let architectures = ["SegformerModel", "SegformerForImageClassification"]

    static func model(_ config: HuggingFaceConfig) throws -> MiT {
        try MiT(config, classes: config.architecture == "SegformerForImageClassification" ? config.classes() : nil)
    }

    static func configuration(_ model: VisionModel) -> [String: any Sendable]? {
        guard let model = model as? MiT else { return nil }
        var values = model.huggingFace
        values["architectures"] = [architectures[model.head == nil ? 0 : 1]]
        if model.head != nil { values["num_labels"] = model.card.classes }
        return values
    }
}

extension BackboneKind {
    static let mits = [
        mit(0, 32, [2, 2, 2, 2]), mit(1, 64, [2, 2, 2, 2]), mit(2, 64, [3, 4, 6, 3]), mit(3, 64, [3, 4, 18, 3]), mit(4, 64, [3, 8, 27, 3]),
        mit(5, 64, [3, 6, 40, 3]),
    ]

    private static func mit(_ number: Int, _ width: Int, _ depths: [Int]) -> BackboneKind {
        BackboneKind(
            "mit-b\(number)", aliases: ["segformer:mit_b\(number)"],
            license: "NVIDIA Source Code License for SegFormer (non-commercial)", source: "Xie et al. 2021, NVIDIA",
            repository: "nvidia/mit-b\(number)"
        ) { MiT(.init(width: width, depths: depths), classes: $0.classes) }
    }
}
