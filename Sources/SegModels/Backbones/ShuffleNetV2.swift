import Torch
import TorchNN

/// ShuffleNetV2 (Ma et al. 2018), with torchvision's names: half of the channels pass through each unit untouched, and a shuffle mixes
/// them. The last 1×1 convolution belongs to the classifier.
public final class ShuffleNetV2: Backbone {
    /// Channels after the stem and after each of the three levels, and of the last convolution, by width.
    static let widths: [String: [Int]] = [
        "x0.5": [24, 48, 96, 192, 1024], "x1.0": [24, 116, 232, 464, 1024], "x1.5": [24, 176, 352, 704, 1024],
        "x2.0": [24, 244, 488, 976, 2048],
    ]

    let conv1: Sequential
    let stage2: Sequential
    let stage3: Sequential
    let stage4: Sequential
    let conv5: Sequential?
    let fc: Linear?

    /// - Parameter width: a key of ``widths``.
    public init(_ width: String, classes: Int? = nil) {
        let channels = Self.widths[width]!
        func level(_ index: Int, _ count: Int) -> Sequential {
            let first = ShuffleUnit(channels[index - 1], channels[index], stride: 2)
            let rest = (1..<count).map { _ in ShuffleUnit(channels[index], channels[index], stride: 1) }
            return Sequential([first] + rest)
        }
        conv1 = Sequential(Conv2d(3, channels[0], kernel: 3, stride: 2, padding: 1, bias: false), BatchNorm2d(channels[0]), InPlaceReLU())
        stage2 = level(1, 4)
        stage3 = level(2, 8)
        stage4 = level(3, 4)
        conv5 = classes.map { _ in Sequential(convNormReLU(channels[3], channels[4], kernel: 1)) }
        fc = classes.map { Linear(channels[4], $0) }
        super.init(channels: Array(channels[0..<4]), classes: classes)
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let pool: (Tensor) -> Tensor = { F.maxPool2d($0, kernel: [3, 3], stride: [2, 2], padding: [1, 1]) }
        let levels = [pool] + [stage2, stage3, stage4].map { level in { level($0) } }
        return stages(levels, conv1(image), taps: &taps)
    }

    public override func classify(_ x: Tensor) -> Tensor? {
        guard let conv5, let fc else { return nil }
        return fc(conv5(x).mean([2, 3]))
    }
    public override var classifierTensors: [String] { ["conv5.*", "fc.*"] }
    public override var keyMaps: [KeyMap] {
        [KeyMap("torchvision's ShuffleNetV2", .torchvision, recognizedBy: ["stage2.0.branch1.0.weight"], isBackbone: true)]
    }
}

/// Two branches of half the output's channels each; with stride 1 the first is the untouched half of the input.
private final class ShuffleUnit: Module, Layer {
    let branch1: Sequential?
    let branch2: Sequential

    init(_ inChannels: Int, _ outChannels: Int, stride: Int) {
        let half = outChannels / 2
        func pointwise(_ inChannels: Int) -> [any Layer] { convNormReLU(inChannels, half, kernel: 1) }
        func filter(_ channels: Int) -> [any Layer] { [DepthwiseConv(channels, stride: stride), BatchNorm2d(channels)] }
        branch1 = stride == 1 ? nil : Sequential(filter(inChannels) + pointwise(inChannels))
        branch2 = Sequential(pointwise(stride == 1 ? half : inChannels) + filter(half) + pointwise(half))
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        if let branch1 { return shuffled(branch1(x), branch2(x)) }
        let half = x.size(1) / 2
        return shuffled(x.slice(1, 0, half), branch2(x.slice(1, half, nil)))
    }

    /// The channels of both, by turns.
    private func shuffled(_ a: Tensor, _ b: Tensor) -> Tensor {
        let joined = Tensor.concatenate([a, b], 1)
        let (batch, channels, height, width) = (joined.size(0), joined.size(1), joined.size(2), joined.size(3))
        if joined.isContiguous(.channelsLast) {
            let pixels = joined.permute(0, 2, 3, 1).reshape(batch, height, width, 2, channels / 2)
            return pixels.transpose(3, 4).reshape(batch, height, width, channels).permute(0, 3, 1, 2)
        }
        return joined.reshape(batch, 2, channels / 2, height, width).transpose(1, 2).reshape(batch, channels, height, width)
    }
}

extension BackboneKind {
    static let shuffleNets = ShuffleNetV2.widths.keys.sorted().map { width in
        BackboneKind(
            "shufflenetv2-\(width)", aliases: ["torchvision:shufflenet_v2_\(width.replacing(".", with: "_"))"], license: "BSD-3-Clause",
            source: "Ma et al. 2018, torchvision"
        ) { ShuffleNetV2(width, classes: $0.classes) }
    }
}
