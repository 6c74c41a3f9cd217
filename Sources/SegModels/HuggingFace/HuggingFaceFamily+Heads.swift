import Support
import Torch

extension HuggingFaceFamily {
    /// Networks that transformers builds from a backbone's configuration and a head's.
    static let segmenters = [upernet]

    /// `UperNetForSemanticSegmentation`; its scores come at the image's size.
    private static let upernet = HuggingFaceFamily("upernet", ["UperNetForSemanticSegmentation"]) { config in
        let backbone = try backbone(of: config)
        let classes = try config.classes()
        let head = UPerNetHead(
            backbone.channels, classes: classes, width: try config.int("hidden_size", 512),
            scales: try config.ints("pool_scales", [1, 2, 3, 6]))
        var auxiliary: FCN?
        if try config.bool("use_auxiliary_head", true) {
            let found = try config.int("auxiliary_in_channels", backbone.channels[2])
            guard found == backbone.channels[2] else {
                throw UserError(
                    "\(config.source): auxiliary_in_channels is \(found), and the third stage has \(backbone.channels[2]) channels",
                    hint: "Leave it out of the configuration.")
            }
            let convs = try config.int("auxiliary_num_convs", 1)
            guard convs > 0 else {
                throw UserError("\(config.source): auxiliary_num_convs is \(convs)", hint: "Expected at least 1.")
            }
            auxiliary = FCN(
                backbone.channels[2], classes: classes, width: try config.int("auxiliary_channels", 256), stage: 2, convs: convs,
                concatenates: try config.bool("auxiliary_concat_input", false))
        }
        var card = backbone.card
        (card.name, card.classes) = ("upernet", classes)
        return EncoderDecoder(card, backbone, head: head, auxiliary: auxiliary, givesScoresOfImage: true)
    }

    /// The backbone that `backbone_config` describes, with its four stages as transformers' `…Backbone` class gives them.
    private static func backbone(of config: HuggingFaceConfig) throws -> Backbone {
        for key in ["use_timm_backbone", "use_pretrained_backbone"] where try config.bool(key, false) {
            throw UserError("\(config.source): '\(key)' is set", hint: "Only networks described by 'backbone_config' can be opened.")
        }
        let inner = try config.object("backbone_config")
        let known = HuggingFaceFamily.all.first { $0.modelType == inner.modelType }
        guard let name = known?.architectures.first(where: { $0.hasSuffix("Backbone") }) else {
            let all = HuggingFaceFamily.all.filter { $0.architectures.contains { $0.hasSuffix("Backbone") } }.map(\.modelType).sorted()
            throw UserError(
                "\(inner.source): '\(inner.modelType)' is a backbone that this package does not have",
                hint: "It has: \(all.joined(separator: ", ")).")
        }
        guard let backbone = try HuggingFaceFamily.make(inner.with(architecture: name)) as? Backbone else {
            throw UserError("\(inner.source) describes no backbone", hint: "Expected the configuration of \(name).")
        }
        return backbone
    }
}
