import Support
import TorchNN

/// What a `config.json` of transformers' MobileNetV2 says.
struct MobileNetV2Folder: Sendable {
    var width = 1.0
    var divisor = 8
    var least = 8
    var expansion = 6.0
    var outputStride = 32
    /// Whether the first convolution widens for the first block too, which then does not.
    var isFirstExpanding = true
    /// Whether the layer before the classifier keeps its 1280 channels in narrower networks.
    var keepsHeadWide = true
    var activation = Activation.Kind.relu6
    var padsAsTensorFlow = true
    var dropout = 0.8
    var eps = 0.001

    /// - Throws: `UserError` for values that this package has no code for.
    init(_ config: HuggingFaceConfig) throws {
        try config.requireColorImages()
        width = try config.double("depth_multiplier", width)
        divisor = try config.int("depth_divisible_by", divisor)
        least = try config.int("min_depth", least)
        expansion = try config.double("expand_ratio", expansion)
        outputStride = try config.int("output_stride", outputStride)
        isFirstExpanding = try config.bool("first_layer_is_expansion", true)
        keepsHeadWide = try config.bool("finegrained_output", true)
        activation = try config.activation("hidden_act", .relu6)
        padsAsTensorFlow = try config.bool("tf_padding", true)
        dropout = try config.double("classifier_dropout_prob", dropout)
        eps = try config.double("layer_norm_eps", eps)
        guard width > 0, divisor > 0, least > 0, expansion > 0 else {
            throw UserError(
                "\(config.source): depth_multiplier, depth_divisible_by, min_depth and expand_ratio must be positive",
                hint: "Is the file complete?")
        }
        guard [8, 16, 32].contains(outputStride) else {
            throw UserError("\(config.source): output_stride is \(outputStride)", hint: "It can be 8, 16 or 32.")
        }
    }

    private func scaled(_ channels: Int, by factor: Double) -> Int {
        roundedChannels((Double(channels) * factor).rounded(.toNearestOrEven), divisor: divisor, least: least)
    }

    var configuration: MobileNet.Configuration {
        var shape = MobileNet.Configuration()
        shape.folder = self
        shape.stem = scaled(32, by: width)
        shape.head = keepsHeadWide && width < 1 ? 1280 : scaled(1280, by: width)
        (shape.stemActivation, shape.eps, shape.momentum, shape.dropout) = (activation, eps, 0.997, dropout)
        (shape.padding, shape.keepsHead) = (padsAsTensorFlow ? .same : .even, true)
        var inChannels = shape.stem
        let rows = [(16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)]
        shape.levels = rows.enumerated().map { level, row in
            let channels = scaled(row.0, by: width)
            return (0..<row.1).map { index in
                defer { inChannels = channels }
                return InvertedResidual.Shape(
                    inChannels: inChannels, inner: level == 0 ? inChannels : scaled(inChannels, by: expansion), outChannels: channels,
                    widens: level > 0 || !isFirstExpanding, stride: index == 0 ? row.2 : 1, activation: activation, hasShortcut: level > 0)
            }
        }
        return shape
    }

    var huggingFace: [String: any Sendable] {
        [
            "depth_multiplier": width, "depth_divisible_by": divisor, "min_depth": least, "expand_ratio": expansion,
            "output_stride": outputStride, "first_layer_is_expansion": isFirstExpanding, "finegrained_output": keepsHeadWide,
            "hidden_act": activation.huggingFace, "tf_padding": padsAsTensorFlow, "classifier_dropout_prob": dropout,
            "layer_norm_eps": eps,
        ]
    }
}

extension HuggingFaceFamily {
    static let mobileNets = [
        HuggingFaceFamily(
            "mobilenet_v2", ["MobileNetV2Model", "MobileNetV2ForImageClassification", "MobileNetV2ForSemanticSegmentation"],
            configuration: configuration
        ) { config in
            let folder = try MobileNetV2Folder(config)
            let classes = config.architecture == "MobileNetV2ForImageClassification" ? try config.classes() : nil
            let network = MobileNet(folder.configuration, outputStride: folder.outputStride, classes: classes)
            network.card.normalization = .half
            guard config.architecture == "MobileNetV2ForSemanticSegmentation" else { return network }
            let labels = try config.classes()
            let head = MobileDeepLab(network.channels[3], classes: labels, dropout: folder.dropout)
            return EncoderDecoder(card("mobilenet_v2", labels, network), network, head: head)
        }
    ]

    private static func configuration(_ model: VisionModel) -> [String: any Sendable]? {
        let segmenter = (model as? EncoderDecoder).flatMap { $0.classifier is MobileDeepLab ? $0 : nil }
        guard let network = (segmenter?.backbone ?? model) as? MobileNet, let folder = network.configuration.folder else { return nil }
        let hasClasses = segmenter != nil || network.classifier != nil
        let name = segmenter != nil ? "ForSemanticSegmentation" : hasClasses ? "ForImageClassification" : "Model"
        let labels: [String: any Sendable] = hasClasses ? ["num_labels": model.card.classes] : [:]
        return folder.huggingFace.merging(labels) { $1 }.merging(["architectures": ["MobileNetV2\(name)"]]) { $1 }
    }
}
