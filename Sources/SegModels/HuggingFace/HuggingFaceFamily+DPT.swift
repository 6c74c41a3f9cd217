import Support
import Torch

extension HuggingFaceFamily {
    /// `DPTForSemanticSegmentation` on its own plain transformer. A `backbone_config` counts for nothing in that class, but for the width.
    static let dpt = HuggingFaceFamily("dpt", ["DPTForSemanticSegmentation"], configuration: dptConfiguration) { config in
        guard try !config.bool("is_hybrid", false) else {
            throw UserError(
                "\(config.source): a hybrid of convolutions and transformer is a network that this package does not have",
                hint: "Choose a DPT on a plain transformer, such as Intel/dpt-large-ade.")
        }
        let backbone = try VisionTransformer(dpt: config)
        let width = backbone.configuration.width
        if config.has("backbone_config") {
            let found = try config.object("backbone_config").int("hidden_size", width)
            guard found == width else {
                throw UserError(
                    "\(config.source): the transformer is \(width) wide and 'backbone_config' \(found)", hint: "Expected one width.")
            }
        }
        let blocks = try blocks(config, depth: backbone.depth)
        let classes = try config.classes()
        let options = try options(config, count: blocks.count)
        var card = backbone.card
        (card.name, card.classes) = ("dpt", classes)
        return EncoderDecoder(card, backbone, head: DPTHead(width, classes: classes, blocks: blocks, options: options))
    }

    private static func blocks(_ config: HuggingFaceConfig, depth: Int) throws -> [Int] {
        let blocks = Array(Set(try config.ints("backbone_out_indices", [2, 5, 8, 11]))).sorted()
        guard let first = blocks.first, let last = blocks.last, first >= 0, last < depth else {
            throw UserError("\(config.source): backbone_out_indices is \(blocks)", hint: "Expected numbers of blocks, 0 to \(depth - 1).")
        }
        return blocks
    }

    private static func options(_ config: HuggingFaceConfig, count: Int) throws -> DPTHead.Options {
        var options = DPTHead.Options()
        try config.require("readout_type", in: DPTHead.Readout.allCases.map(\.rawValue), default: "project")
        options.readout = DPTHead.Readout(rawValue: try config.string("readout_type", "project"))!
        options.widths = try config.ints("neck_hidden_sizes", options.widths)
        options.factors = try config.doubles("reassemble_factors", options.factors)
        let areWhole = options.factors.allSatisfy { $0 > 0 && ($0 < 1 || $0 == $0.rounded()) }
        guard options.widths.count == count, options.factors.count == count, areWhole else {
            throw UserError(
                "\(config.source): \(count) blocks, neck_hidden_sizes \(options.widths) and reassemble_factors \(options.factors)",
                hint: "Expected one width and one factor for each block; factors are whole numbers or parts of 1.")
        }
        options.fusionWidth = try config.int("fusion_hidden_size", 256)
        options.hasNorm = try config.bool("use_batch_norm_in_fusion_residual", false)
        options.hasBias = try config.bool("use_bias_in_fusion_residual", !options.hasNorm)
        options.dropout = try config.double("semantic_classifier_dropout", 0.1)
        options.activation = try config.activation("hidden_act", .gelu)
        let index = try config.int("head_in_index", -1)
        options.index = index < 0 ? index + count : index
        guard (0..<count).contains(options.index!) else {
            throw UserError("\(config.source): head_in_index is \(index)", hint: "Expected one of \(count) fused maps.")
        }
        return options
    }

    @Sendable private static func dptConfiguration(_ model: VisionModel) -> [String: any Sendable]? {
        guard let model = model as? EncoderDecoder, let head = model.classifier as? DPTHead, let vit = model.backbone as? VisionTransformer,
            let values = vit.dptConfiguration
        else { return nil }
        let options = head.options
        return values.merging([
            "architectures": ["DPTForSemanticSegmentation"], "backbone_out_indices": head.blocks, "num_labels": model.card.classes,
            "readout_type": options.readout.rawValue, "neck_hidden_sizes": options.widths,
            "reassemble_factors": options.factors.map { factor -> any Sendable in
                // Whole factors become sizes of kernels there, which must be whole numbers.
                Int(exactly: factor) ?? factor
            },
            "fusion_hidden_size": options.fusionWidth, "use_batch_norm_in_fusion_residual": options.hasNorm,
            "use_bias_in_fusion_residual": options.hasBias, "semantic_classifier_dropout": options.dropout,
            "head_in_index": options.index ?? -1, "use_auxiliary_head": false,
        ]) { $1 }
    }
}

extension VisionTransformer {
    /// The transformer inside transformers' DPT: a ViT, whose positions are resized bilinearly.
    fileprivate convenience init(dpt config: HuggingFaceConfig) throws {
        try config.requireColorImages()
        var shape = Configuration()
        shape.width = try config.int("hidden_size", 768)
        shape.depth = try config.int("num_hidden_layers", 12)
        shape.heads = try config.int("num_attention_heads", 12)
        try config.requireHeads([(shape.heads, shape.width)])
        shape.hidden = try config.int("intermediate_size", 3072)
        shape.imageSize = try config.side("image_size", 384)
        shape.patch = try config.side("patch_size", 16)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.eps = try config.double("layer_norm_eps", 1e-12)
        shape.hasAttentionBias = try config.bool("qkv_bias", true)
        shape.positions = Positions(prefix: 1, resizing: .bilinear)
        self.init(shape)
        card.inputSize = shape.imageSize
        card.patchSize = shape.patch
        card.sizeMultiple = shape.patch
    }

    /// Its part of a DPT's `config.json`; nil for what DPT's transformer can't be.
    fileprivate var dptConfiguration: [String: any Sendable]? {
        let shape = configuration
        guard shape.hasClassToken, prefixTokens == 1, shape.positions == Positions(prefix: 1, resizing: .bilinear), shape.rotary == nil,
            shape.layerScale == nil, shape.mlp == .plain, !shape.hasNormBefore, shape.hasFinalNorm, shape.hasPatchBias, shape.hasMLPBias,
            shape.hasProjectionBias
        else { return nil }
        return [
            "hidden_size": shape.width, "num_hidden_layers": shape.depth, "num_attention_heads": shape.heads,
            "intermediate_size": shape.hidden, "image_size": shape.imageSize, "patch_size": shape.patch,
            "hidden_act": shape.activation.huggingFace, "layer_norm_eps": shape.eps, "qkv_bias": shape.hasAttentionBias,
        ]
    }
}
