import Support
import Torch
import TorchNN

extension ResNet {
    var maps: [KeyMap] {
        guard configuration.hasDeepStem else {
            return [KeyMap("torchvision's ResNet", .torchvision, recognizedBy: ["conv1.weight"], isBackbone: true), transformers]
        }
        return [
            KeyMap("mmsegmentation's ResNet", .mmseg, recognizedBy: ["stem.0.weight"], isBackbone: true),
            KeyMap(
                "timm's ResNet", .timm, recognizedBy: ["conv1.0.weight"],
                rules: [.rename("conv1.*", to: "stem.*"), .rename("bn1.*", to: "stem.7.*")], isBackbone: true),
        ]
    }

    /// The names of its own kind first: with a classifier they stand below `resnet.`
    private var transformers: KeyMap {
        let places = fc == nil ? ["", "resnet."] : ["resnet.", ""]
        let rules = places.flatMap { place -> [KeyMap.Rule] in
            [
                .rename("\(place)embedder.embedder.convolution.*", to: "conv1.*"),
                .rename("\(place)embedder.embedder.normalization.*", to: "bn1.*"),
            ] + (0..<4).flatMap { Self.rules("\(place)encoder.stages.\($0).layers", "layer\($0 + 1)") }
        }
        return KeyMap(
            "transformers' ResNet", .transformers, recognizedBy: places.map { "\($0)embedder.embedder.convolution.weight" },
            rules: rules + [.rename("classifier.1.*", to: "fc.*")], isBackbone: true)
    }

    private static func rules(_ theirs: String, _ ours: String) -> [KeyMap.Rule] {
        [
            .rename("\(theirs).*.shortcut.convolution.*", to: "\(ours).*.downsample.0.*"),
            .rename("\(theirs).*.shortcut.normalization.*", to: "\(ours).*.downsample.1.*"),
        ]
            + (0..<3).flatMap { (index: Int) -> [KeyMap.Rule] in
                [
                    .rename("\(theirs).*.layer.\(index).convolution.*", to: "\(ours).*.conv\(index + 1).*"),
                    .rename("\(theirs).*.layer.\(index).normalization.*", to: "\(ours).*.bn\(index + 1).*"),
                ]
            }
    }

    /// The network of a `config.json` of `resnet`.
    /// - Throws: `UserError` for values that this package has no code for.
    convenience init(_ config: HuggingFaceConfig, classes: Int? = nil) throws {
        try config.requireColorImages()
        var shape = Configuration()
        shape.stemWidth = try config.int("embedding_size", 64)
        shape.widths = try config.ints("hidden_sizes", shape.widths)
        shape.depths = try config.ints("depths", shape.depths)
        try config.requireStages([("hidden_sizes", shape.widths), ("depths", shape.depths)])
        let type = try config.string("layer_type", "bottleneck")
        guard ["basic", "bottleneck"].contains(type) else {
            throw UserError("\(config.source): layer_type is '\(type)'", hint: "There are 'basic' and 'bottleneck'.")
        }
        shape.hasBottlenecks = type == "bottleneck"
        shape.activation = try config.activation("hidden_act", .relu)
        shape.stridesInFirstLevel = try config.bool("downsample_in_first_stage", false)
        shape.stridesFirst = try config.bool("downsample_in_bottleneck", false)
        self.init(shape, classes: classes)
        card.sizeMultiple = strides[3]
    }

    fileprivate var huggingFace: [String: any Sendable]? {
        guard !configuration.hasDeepStem, !configuration.averagesShortcuts, strides[3] == (configuration.stridesInFirstLevel ? 64 : 32)
        else { return nil }
        var values: [String: any Sendable] = [
            "embedding_size": configuration.stemWidth, "hidden_sizes": configuration.widths, "depths": configuration.depths,
            "layer_type": configuration.hasBottlenecks ? "bottleneck" : "basic", "hidden_act": configuration.activation.huggingFace,
            "downsample_in_first_stage": configuration.stridesInFirstLevel, "downsample_in_bottleneck": configuration.stridesFirst,
        ]
        values["architectures"] = [fc == nil ? "ResNetModel" : "ResNetForImageClassification"]
        if fc == nil {
            values["out_features"] = (1...4).map { "stage\($0)" }
        } else {
            values["num_labels"] = card.classes
        }
        return values
    }
}

extension HuggingFaceFamily {
    static let resNets = [
        HuggingFaceFamily(
            "resnet", ["ResNetModel", "ResNetForImageClassification", "ResNetBackbone"],
            configuration: { ($0 as? ResNet)?.huggingFace },
            make: { config in
                try ResNet(config, classes: config.architecture == "ResNetForImageClassification" ? config.classes() : nil)
            })
    ]
}

extension BackboneKind {
    static let resNets = ResNet.Depth.allCases.map(plain) + [18, 50, 101].map { deep("v1c", $0) } + [18, 50, 101].map { deep("v1d", $0) }

    private static func plain(_ depth: ResNet.Depth) -> BackboneKind {
        let name = "resnet\(depth.rawValue)"
        return BackboneKind(
            name, aliases: ["torchvision:\(name)", "timm:\(name)"] + ["tv_in1k", "a1_in1k"].map { "timm:\(name).\($0)" },
            license: "BSD-3-Clause", source: "He et al. 2016, torchvision", repository: "timm/\(name).tv_in1k", dilates: true
        ) { ResNet(depth, outputStride: $0.outputStride ?? 32, classes: $0.classes) }
    }

    /// mmsegmentation's forms, of the published checkpoints `resnet50_v1c` and `resnet50_v1d`.
    private static func deep(_ form: String, _ depth: Int) -> BackboneKind {
        let isAveraging = form == "v1d"
        let timm = isAveraging ? ["timm:resnet\(depth)d"] : depth == 50 ? ["timm:resnet50c"] : []
        return BackboneKind(
            "resnet\(depth)-\(form)", aliases: timm, license: "Apache-2.0", source: "He et al. 2019, mmsegmentation", dilates: true
        ) { options in
            var shape = ResNet.Configuration(ResNet.Depth(rawValue: depth)!)
            shape.hasDeepStem = true
            shape.averagesShortcuts = isAveraging
            shape.dilatesTwice = false
            return ResNet(shape, outputStride: options.outputStride ?? 32, classes: options.classes)
        }
    }
}
