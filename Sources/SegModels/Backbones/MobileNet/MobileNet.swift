import Torch
import TorchNN

/// MobileNetV2 (Sandler et al. 2018), MobileNetV3 (Howard et al. 2019) and EfficientNet-Lite (Google 2020): rows of inverted residuals, with
/// timm's names. In V2 and Lite the last 1×1 convolution belongs to the classifier; in V3 it is the last block, and ends `stage4`.
public final class MobileNet: Backbone {
    package struct Configuration: Sendable {
        /// Channels of the first 3×3 convolution, of stride 2.
        package var stem = 32
        var stemActivation = Activation.Kind.relu6
        /// Blocks by level.
        var levels: [[InvertedResidual.Shape]] = []
        /// Channels before the classifier.
        var head = 1280
        /// Whether the classifier's first layer comes after pooling, with a bias in place of a normalisation.
        var poolsFirst = false
        var padding = ConvPadding.even
        package var eps = 1e-5
        package var momentum = 0.1
        /// Whether the first block of a level that dilates instead of striding dilates as those after it.
        var dilatesAtOnce = false
        /// Whether the second map is that of the first block at its stride, not of the last.
        var isSecondMapEarly = false
        package var dropout = 0.2
        /// Whether the layer before the classifier is there without a classifier.
        var keepsHead = false
        /// What config.json said, for networks of transformers.
        var folder: MobileNetV2Folder?
    }

    let configuration: Configuration
    private let convStem: any Layer
    private let bn1: BatchNorm2d
    let blocks: [[InvertedResidual]]
    private let convHead: Conv2d?
    private let bn2: BatchNorm2d?
    let classifier: Linear?
    /// Where the four maps end in the row of blocks, and how many come before the first that halves the stem's map.
    private let ends: [Int]
    private let blocksOfHalfSize: Int

    package init(_ shape: Configuration, outputStride: Int = 32, classes: Int? = nil) {
        configuration = shape
        var plan = DilationPlan(outputStride: outputStride)
        _ = plan.level(stride: 2)
        convStem =
            shape.padding == .same
            ? SameConv2d(3, shape.stem, kernel: 3, stride: 2) : Conv2d(3, shape.stem, kernel: 3, stride: 2, padding: 1, bias: false)
        bn1 = BatchNorm2d(shape.stem, eps: shape.eps, momentum: shape.momentum)
        var published = 2
        var last: [Int: (place: Int, channels: Int)] = [:]
        var place = 0
        blocks = shape.levels.map { level in
            level.map { block in
                let (stride, first, rest) = plan.level(stride: block.stride)
                published *= block.stride
                if published != 8 || last[8] == nil || !shape.isSecondMapEarly { last[published] = (place, block.outChannels) }
                place += 1
                return InvertedResidual(
                    block, stride: stride, dilation: shape.dilatesAtOnce ? rest : first, padding: shape.padding, eps: shape.eps,
                    momentum: shape.momentum)
            }
        }
        let maps = [4, 8, 16, 32].map { last[$0]! }
        ends = maps.map(\.place)
        blocksOfHalfSize = last[2].map { $0.place + 1 } ?? 0
        let hasHead = classes != nil || shape.keepsHead
        convHead = hasHead ? Conv2d(maps[3].channels, shape.head, kernel: 1, bias: shape.poolsFirst) : nil
        bn2 = hasHead && !shape.poolsFirst ? BatchNorm2d(shape.head, eps: shape.eps, momentum: shape.momentum) : nil
        classifier = classes.map { Linear(shape.head, $0) }
        super.init(channels: maps.map(\.channels), strides: Self.strides(dilatedFrom: outputStride), classes: classes)
        for case (_, let conv as Conv2d) in namedModules() {
            Initializer.kaimingNormal(conv.weight, fan: .out)
            if let bias = conv.bias { Initializer.constant(bias, 0) }
        }
        if let classifier {
            Initializer.normal(classifier.weight, std: 0.01)
            Initializer.constant(classifier.bias!, 0)
        }
    }

    public override var members: [(key: String, member: Member)] {
        let rows = blocks.enumerated().flatMap { level, row in row.enumerated().map { ("blocks.\(level).\($0)", Member.module($1)) } }
        let head: [(String, Module?)] = [("conv_head", convHead), ("bn2", bn2), ("classifier", classifier)]
        return [("conv_stem", .module(convStem)), ("bn1", .module(bn1))] + rows
            + head.compactMap { name, module in module.map { (name, .module($0)) } }
    }

    public override var classifierTensors: [String] { (configuration.keepsHead ? [] : ["conv_head.*", "bn2.*"]) + ["classifier.*"] }
    public override var keyMaps: [KeyMap] { maps }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] { stages(image, taps: &taps) { _ in } }

    /// - Parameter half: gets the last map of half the image's size.
    func stages(_ image: Tensor, taps: inout Taps, half: (Tensor) -> Void) -> [Tensor] {
        let row = blocks.flatMap(\.self)
        let stem = configuration.stemActivation.applied(bn1(convStem(image)))
        let x = row[..<blocksOfHalfSize].reduce(stem) { $1($0) }
        half(x)
        return stages(cut(Array(row[blocksOfHalfSize...]), at: ends.map { $0 - blocksOfHalfSize }), x, taps: &taps)
    }

    /// While training, some of the pooled values are dropped.
    public override func classify(_ x: Tensor) -> Tensor? {
        guard let convHead, let classifier else { return nil }
        let activation = configuration.stemActivation
        let pooled: Tensor
        if let bn2 {
            pooled = activation.applied(bn2(convHead(x))).mean([2, 3])
        } else {
            pooled = activation.applied(convHead(x.mean([2, 3], keepDimensions: true))).flatten(1)
        }
        return classifier(isTraining ? F.dropout(pooled, configuration.dropout, training: true) : pooled)
    }
}
