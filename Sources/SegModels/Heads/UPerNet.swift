import Torch
import TorchNN

/// UPerNet's head (Xiao et al., ECCV 2018): pyramid pooling on the deepest map, a feature pyramid over all four, joined at the
/// shallowest map's size. Names are mmsegmentation's.
package final class UPerNetHead: Module, SegmentationHead {
    /// What it reads of a plain vision transformer.
    let tokens: TokenStages?
    private let pspModules: PooledPyramid
    private let bottleneck: ConvModule
    private let lateralConvs: [ConvModule]
    private let fpnConvs: [ConvModule]
    private let fpnBottleneck: ConvModule
    private let convSeg: Conv2d
    private let dropout: Dropout2d
    var scales: [Int] { pspModules.scales }
    package let featureChannels: Int
    package var resolutionStage: Int { 0 }
    package var classifierTensors: [String] { ["conv_seg.*"] }

    /// - Parameters:
    ///   - scales: sides of the grids that the deepest map is pooled to.
    ///   - tokens: on a plain vision transformer, what it reads; nil: the backbone's stages.
    package init(
        _ channels: [Int], classes: Int, width: Int = 512, scales: [Int] = [1, 2, 3, 6], dropout: Double = 0.1, tokens: TokenStages? = nil
    ) {
        self.tokens = tokens
        featureChannels = width
        pspModules = PooledPyramid(channels.last!, width, scales: scales)
        bottleneck = ConvModule(channels.last! + scales.count * width, width, kernel: 3)
        lateralConvs = channels.dropLast().map { ConvModule($0, width) }
        fpnConvs = channels.dropLast().map { _ in ConvModule(width, width, kernel: 3) }
        fpnBottleneck = ConvModule(channels.count * width, width, kernel: 3)
        convSeg = classifier(width, classes)
        self.dropout = Dropout2d(dropout)
    }

    package func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        TokenStages.maps(of: backbone, tokens, image, taps: &taps)
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let deepest = stages.last!
        var above = bottleneck(.concatenate([deepest] + pspModules(deepest), 1))
        let size = Array(stages[0].shape.suffix(2))
        var joined = [resized(above, size)]
        for index in lateralConvs.indices.reversed() {
            let lateral = lateralConvs[index](stages[index])
            // ReLU's gradient needs its result, so it is added to, not in place, while a gradient is recorded.
            let upper = resized(above, Array(lateral.shape.suffix(2)))
            above = isRecordingGradients ? lateral + upper : lateral.add_(upper)
            joined.append(resized(fpnConvs[index](above), size))
        }
        let features = fpnBottleneck(.concatenate(joined.reversed(), 1))
        return (features, convSeg(dropout(features)))
    }

    private func resized(_ x: Tensor, _ size: [Int]) -> Tensor { Array(x.shape.suffix(2)) == size ? x : F.bilinear(x, size) }

    package var keyMaps: [KeyMap] {
        [
            .mmseg(
                "mmsegmentation's UPerNet", recognizedBy: ["decode_head.fpn_bottleneck.conv.weight"],
                butNot: ["decode_head.classifier.weight"]),
            KeyMap(
                "transformers' UPerNet", .transformers, recognizedBy: ["decode_head.fpn_bottleneck.batch_norm.weight"],
                rules: [
                    .rename("decode_head.classifier.*", to: "classifier.conv_seg.*"),
                    .rename("decode_head.*.batch_norm.*", to: "classifier.*.bn.*"), .rename("decode_head.*", to: "classifier.*"),
                ]),
        ]
    }
}

/// A map's means over grids of several sizes, each convolved 1×1, resized back: mmsegmentation's `PPM`.
final class PooledPyramid: Module {
    private let branches: [ConvModule]
    let scales: [Int]

    init(_ inChannels: Int, _ width: Int, scales: [Int]) {
        self.scales = scales
        branches = scales.map { _ in ConvModule(inChannels, width) }
    }

    override var members: [(key: String, member: Member)] {
        branches.enumerated().map { ("\($0).1", .module($1)) }
    }

    func callAsFunction(_ x: Tensor) -> [Tensor] {
        let size = Array(x.shape.suffix(2))
        return zip(scales, branches).map { F.bilinear($1(F.adaptiveAvgPool2d(x, [$0, $0])), size) }
    }
}
