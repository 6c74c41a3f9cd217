import Torch
import TorchNN

/// MobileNetV2 (Sandler et al. 2018) at width 1, with torchvision's names; the last 1×1 convolution belongs to the classifier.
public final class MobileNetV2: Backbone {
    /// Expansion, channels, blocks and stride of each level.
    private static let levels = [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]
    /// The last block of each resolution, of strides 4, 8, 16 and 32.
    private static let ends = [3, 6, 13, 17]

    let features: [any Layer]
    let classifier: Linear?

    public init(outputStride: Int = 32, classes: Int? = nil) {
        var plan = DilationPlan(outputStride: outputStride)
        _ = plan.level(stride: 2)
        var inChannels = 32
        var features: [any Layer] = [convNormReLU6(3, inChannels, kernel: 3, stride: 2)]
        for (expansion, channels, count, stride) in Self.levels {
            let (stride, first, rest) = plan.level(stride: stride)
            for block in 0..<count {
                features.append(
                    InvertedResidual(
                        inChannels, channels, expansion: expansion, stride: block == 0 ? stride : 1,
                        dilation: block == 0 ? first : rest))
                inChannels = channels
            }
        }
        if classes != nil { features.append(convNormReLU6(inChannels, 1280, kernel: 1)) }
        self.features = features
        classifier = classes.map { Linear(1280, $0) }
        super.init(channels: [24, 32, 96, 320], strides: Self.strides(dilatedFrom: outputStride), classes: classes)
        for case (_, let conv as Conv2d) in namedModules() { Initializer.kaimingNormal(conv.weight, fan: .out) }
        if let classifier {
            Initializer.normal(classifier.weight, std: 0.01)
            Initializer.constant(classifier.bias!, 0)
        }
    }

    public override class var keys: [String: String] { ["classifier": "classifier.1"] }
    public override var classifierTensors: [String] { ["features.18.*", "classifier.*"] }
    public override var keyMaps: [KeyMap] {
        [KeyMap("torchvision's MobileNetV2", .torchvision, recognizedBy: ["features.0.0.weight"], isBackbone: true)]
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        stages(cut(features, at: Self.ends), image, taps: &taps)
    }

    /// While training, a fifth of the pooled values is dropped.
    public override func classify(_ x: Tensor) -> Tensor? {
        guard let classifier else { return nil }
        let pooled = features[18](x).mean([2, 3])
        return classifier(isTraining ? F.dropout(pooled, 0.2, training: true) : pooled)
    }
}

/// Widen, filter each channel, narrow; added to the input where the shapes allow.
private final class InvertedResidual: Module, Layer {
    let conv: Sequential
    let isResidual: Bool

    init(_ inChannels: Int, _ outChannels: Int, expansion: Int, stride: Int, dilation: Int) {
        let width = inChannels * expansion
        let widening: [any Layer] = expansion == 1 ? [] : [convNormReLU6(inChannels, width, kernel: 1)]
        let filter = Sequential([DepthwiseConv(width, stride: stride, dilation: dilation), BatchNorm2d(width), ReLU6()] as [any Layer])
        let narrowing: [any Layer] = [Conv2d(width, outChannels, kernel: 1, bias: false), BatchNorm2d(outChannels)]
        conv = Sequential(widening + [filter] + narrowing)
        isResidual = stride == 1 && inChannels == outChannels
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let out = conv(x)
        return isResidual ? out.add_(x) : out
    }
}

private func convNormReLU6(_ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1) -> Sequential {
    let conv = Conv2d(inChannels, outChannels, kernel: kernel, stride: stride, padding: kernel / 2, bias: false)
    return Sequential(conv, BatchNorm2d(outChannels), ReLU6())
}

extension BackboneKind {
    static let mobileNets = [
        BackboneKind(
            "mobilenetv2", aliases: ["torchvision:mobilenet_v2"], license: "BSD-3-Clause", source: "Sandler et al. 2018, torchvision",
            dilates: true
        ) { MobileNetV2(outputStride: $0.outputStride ?? 32, classes: $0.classes) }
    ]
}
