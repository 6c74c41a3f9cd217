import Support
import Torch

extension HuggingFaceFamily {
    /// Networks with heads of their own.
    static let segmenters = [segformer, upernet, dpt]

    /// `SegformerForSemanticSegmentation`, and what ``MiT`` has without that head. Scores come at a quarter of the image's size.
    private static let segformer = HuggingFaceFamily(
        "segformer", MiT.architectures + ["SegformerForSemanticSegmentation"],
        configuration: { model in
            guard let model = model as? EncoderDecoder else { return MiT.configuration(model) }
            guard let backbone = model.backbone as? MiT, let head = model.classifier as? SegFormerHead, head.form == .linear else {
                return nil
            }
            return backbone.huggingFace.merging([
                "architectures": ["SegformerForSemanticSegmentation"], "decoder_hidden_size": head.featureChannels,
                "classifier_dropout_prob": head.dropout.p, "num_labels": model.card.classes,
            ]) { $1 }
        },
        make: { config in
            guard config.architecture == "SegformerForSemanticSegmentation" else { return try MiT.model(config) }
            let backbone = try MiT(config)
            let classes = try config.classes()
            let head = SegFormerHead(
                backbone.channels, classes: classes, width: try config.int("decoder_hidden_size", 256),
                dropout: try config.double("classifier_dropout_prob", 0.1))
            return EncoderDecoder(card("segformer", classes, backbone), backbone, head: head)
        })

    /// `UperNetForSemanticSegmentation`. Scores come at the image's size.
    private static let upernet = HuggingFaceFamily("upernet", ["UperNetForSemanticSegmentation"], configuration: upernetConfiguration) {
        config in
        let (backbone, tokens) = try backbone(of: config)
        let classes = try config.classes()
        let head = UPerNetHead(
            backbone.channels, classes: classes, width: try config.int("hidden_size", 512),
            scales: try config.ints("pool_scales", [1, 2, 3, 6]), tokens: tokens)
        let isTrainedByTwo = try config.bool("use_auxiliary_head", true)
        return EncoderDecoder(
            card("upernet", classes, backbone), backbone, head: head,
            auxiliary: isTrainedByTwo ? try auxiliary(config, backbone.channels[2], classes) : nil, givesScoresOfImage: true)
    }

    /// Backbones that give the tokens of any of their blocks.
    private static let plainTypes = ["dinov2", "dinov2_with_registers", "dinov3_vit"]

    /// Which four blocks of a plain transformer are read, and whether through its last norm.
    private static func tokens(_ config: HuggingFaceConfig, depth: Int) throws -> TokenStages {
        guard try config.bool("reshape_hidden_states", true) else {
            throw UserError("\(config.source): 'reshape_hidden_states' is false", hint: "The head reads maps: expected true.")
        }
        // Stage 0 is what comes before the first block.
        let places = try config.has("out_features") ? [] : config.ints("out_indices", []).map { $0 < 0 ? $0 + depth + 1 : $0 }
        let names = try config.strings("out_features", places.map { "stage\($0)" })
        let blocks = (0..<depth).filter { names.contains("stage\($0 + 1)") }
        guard blocks.count == 4, names.count == 4 else {
            throw UserError("\(config.source): 'out_features' is \(names)", hint: "Expected four of stage1 to stage\(depth).")
        }
        return .init(blocks: blocks, areNormed: try config.bool("apply_layernorm", true))
    }

    static func card(_ name: String, _ classes: Int, _ backbone: Backbone) -> ModelCard {
        var card = backbone.card
        (card.name, card.classes) = (name, classes)
        return card
    }

    private static func auxiliary(_ config: HuggingFaceConfig, _ channels: Int, _ classes: Int) throws -> FCN {
        let found = try config.int("auxiliary_in_channels", channels)
        guard found == channels else {
            throw UserError(
                "\(config.source): auxiliary_in_channels is \(found), and the third stage has \(channels) channels",
                hint: "Leave it out of the configuration.")
        }
        let convs = try config.int("auxiliary_num_convs", 1)
        guard convs > 0 else { throw UserError("\(config.source): auxiliary_num_convs is \(convs)", hint: "Expected at least 1.") }
        return FCN(
            channels, classes: classes, width: try config.int("auxiliary_channels", 256), stage: 2, convs: convs,
            concatenates: try config.bool("auxiliary_concat_input", false))
    }

    /// The backbone that `backbone_config` describes, with its four stages as transformers' `…Backbone` class gives them: of a plain
    /// transformer those that it names.
    static func backbone(of config: HuggingFaceConfig) throws -> (Backbone, TokenStages?) {
        let inner = try config.object("backbone_config")
        let known = HuggingFaceFamily.all.first { $0.modelType == inner.modelType }
        guard let name = known?.architectures.first(where: { $0.hasSuffix("Backbone") }) else {
            let all = HuggingFaceFamily.all.filter { $0.architectures.contains { $0.hasSuffix("Backbone") } }.map(\.modelType).sorted()
            throw UserError(
                "\(inner.source): '\(inner.modelType)' is a backbone that this package does not have",
                hint: "It has: \(all.joined(separator: ", ")).")
        }
        guard try plainTypes.contains(inner.modelType) || inner.outputStages() == [1, 2, 3, 4] else {
            throw UserError(
                "\(inner.source): 'out_features' does not name all four stages",
                hint: "Expected stage1, stage2, stage3 and stage4: the head reads all of them.")
        }
        guard let backbone = try HuggingFaceFamily.make(inner.with(architecture: name)) as? Backbone else {
            throw UserError("\(inner.source) describes no backbone", hint: "Expected the configuration of \(name).")
        }
        return (backbone, try (backbone as? any TokenBackbone).map { try tokens(inner, depth: $0.depth) })
    }

    /// What ``backbone(of:)`` reads: nil for a backbone that transformers does not have, or not with all four stages.
    static func backboneConfiguration(_ backbone: Backbone, _ tokens: TokenStages?) -> [String: any Sendable]? {
        let inner = HuggingFaceFamily.all.lazy.filter { family in family.architectures.contains { $0.hasSuffix("Backbone") } }
            .compactMap { family in family.configuration?(backbone)?.merging(["model_type": family.modelType]) { $1 } }.first
        if let tokens {
            return inner?.merging([
                "out_features": tokens.blocks.map { "stage\($0 + 1)" }, "apply_layernorm": tokens.areNormed, "reshape_hidden_states": true,
            ]) { $1 }
        }
        return (inner?["out_features"] as? [String])?.count == 4 ? inner : nil
    }

    @Sendable private static func upernetConfiguration(_ model: VisionModel) -> [String: any Sendable]? {
        guard let model = model as? EncoderDecoder, let head = model.classifier as? UPerNetHead else { return nil }
        guard let inner = backboneConfiguration(model.backbone, head.tokens) else { return nil }
        var values: [String: any Sendable] = [
            "architectures": ["UperNetForSemanticSegmentation"], "backbone_config": inner, "hidden_size": head.featureChannels,
            "pool_scales": head.scales, "num_labels": model.card.classes, "use_auxiliary_head": model.auxClassifier != nil,
        ]
        if let auxiliary = model.auxClassifier {
            values["auxiliary_channels"] = auxiliary.featureChannels
            values["auxiliary_num_convs"] = auxiliary.convs.count
            values["auxiliary_concat_input"] = auxiliary.convCat != nil
        }
        return values
    }
}
