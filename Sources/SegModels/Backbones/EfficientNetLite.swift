import Torch
import TorchNN

/// EfficientNet-Lite0 (Google 2020): EfficientNet-B0 without attention, with ReLU6 and TensorFlow's SAME padding, under the
/// names of its PyTorch port's published file.
public final class EfficientNetLite0: Backbone {
    /// Kernel, expansion, channels, blocks and stride of each level.
    private static let levels = [
        (3, 1, 16, 1, 1), (3, 6, 24, 2, 2), (5, 6, 40, 2, 2), (3, 6, 80, 3, 2), (5, 6, 112, 3, 1), (5, 6, 192, 4, 2),
        (3, 6, 320, 1, 1),
    ]
    /// The last block of each resolution, of strides 4, 8, 16 and 32.
    private static let ends = [2, 4, 10, 15]
    static let eps = 1e-3

    let stem: SameConv2d
    let stemNorm: BatchNorm2d
    let blocks: [LiteBlock]
    let headConv: Conv2d?
    let headNorm: BatchNorm2d?
    let fc: Linear?

    public init(outputStride: Int = 32, classes: Int? = nil) {
        var plan = DilationPlan(outputStride: outputStride)
        _ = plan.level(stride: 2)
        var inChannels = 32
        var blocks: [LiteBlock] = []
        for (kernel, expansion, channels, count, stride) in Self.levels {
            let (stride, first, rest) = plan.level(stride: stride)
            for block in 0..<count {
                blocks.append(
                    LiteBlock(
                        inChannels, channels, kernel: kernel, expansion: expansion, stride: block == 0 ? stride : 1,
                        dilation: block == 0 ? first : rest))
                inChannels = channels
            }
        }
        self.blocks = blocks
        stem = SameConv2d(3, 32, kernel: 3, stride: 2)
        stemNorm = BatchNorm2d(32, eps: Self.eps)
        headConv = classes.map { _ in Conv2d(320, 1280, kernel: 1, bias: false) }
        headNorm = classes.map { _ in BatchNorm2d(1280, eps: Self.eps) }
        fc = classes.map { Linear(1280, $0) }
        super.init(channels: [24, 40, 112, 320], strides: Self.strides(dilatedFrom: outputStride), classes: classes)
        for case (_, let conv as Conv2d) in namedModules() { Initializer.kaimingNormal(conv.weight, fan: .out) }
    }

    public override class var keys: [String: String] {
        [
            "stem": "_conv_stem", "stemNorm": "_bn0", "blocks": "_blocks", "headConv": "_conv_head", "headNorm": "_bn1",
            "fc": "_fc",
        ]
    }
    public override var classifierTensors: [String] { ["_conv_head.*", "_bn1.*", "_fc.*"] }
    public override var keyMaps: [KeyMap] {
        [KeyMap("EfficientNet-Lite0", .official, recognizedBy: ["_conv_stem.weight"], isBackbone: true)]
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        stages(cut(blocks, at: Self.ends), relu6_(stemNorm(stem(image))), taps: &taps)
    }

    /// While training, a fifth of the pooled values is dropped.
    public override func classify(_ x: Tensor) -> Tensor? {
        guard let headConv, let headNorm, let fc else { return nil }
        let pooled = relu6_(headNorm(headConv(x))).mean([2, 3])
        return fc(isTraining ? F.dropout(pooled, 0.2, training: true) : pooled)
    }
}

/// Widen, filter each channel, narrow; added to the input where the shapes allow.
final class LiteBlock: Module, Layer {
    let expandConv: Conv2d?
    let bn0: BatchNorm2d?
    let depthwiseConv: any Layer
    let bn1: BatchNorm2d
    let projectConv: Conv2d
    let bn2: BatchNorm2d
    let isResidual: Bool

    override class var keys: [String: String] {
        [
            "expandConv": "_expand_conv", "bn0": "_bn0", "depthwiseConv": "_depthwise_conv", "bn1": "_bn1",
            "projectConv": "_project_conv", "bn2": "_bn2",
        ]
    }

    init(_ inChannels: Int, _ outChannels: Int, kernel: Int, expansion: Int, stride: Int, dilation: Int) {
        let width = inChannels * expansion
        let eps = EfficientNetLite0.eps
        expandConv = expansion == 1 ? nil : Conv2d(inChannels, width, kernel: 1, bias: false)
        bn0 = expansion == 1 ? nil : BatchNorm2d(width, eps: eps)
        // With stride 1, TensorFlow pads both sides alike.
        depthwiseConv =
            stride == 1
            ? DepthwiseConv(width, kernel: kernel, dilation: dilation)
            : SameConv2d(width, width, kernel: kernel, stride: stride, groups: width)
        bn1 = BatchNorm2d(width, eps: eps)
        projectConv = Conv2d(width, outChannels, kernel: 1, bias: false)
        bn2 = BatchNorm2d(outChannels, eps: eps)
        isResidual = stride == 1 && inChannels == outChannels
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        var out = x
        if let expandConv, let bn0 { out = relu6_(bn0(expandConv(out))) }
        out = relu6_(bn1(depthwiseConv(out)))
        out = bn2(projectConv(out))
        return isResidual ? out.add_(x) : out
    }
}

extension BackboneKind {
    static let efficientNets = [
        BackboneKind(
            "efficientnet-lite0", aliases: ["timm:tf_efficientnet_lite0"], license: "Apache-2.0",
            source: "Google 2020, EfficientNet-Lite0", dilates: true
        ) { EfficientNetLite0(outputStride: $0.outputStride ?? 32, classes: $0.classes) }
    ]
}
