import Torch
import TorchNN

/// Pyramid pooling and a 3×3 convolution (Zhao et al., CVPR 2017): the head of PSPNet, with the widths and the resizing of CIRKD
/// and semseg, or with mmsegmentation's.
package final class PSP: Module, SegmentationHead {
    static let bins = [1, 2, 3, 6]

    /// The pooled branches: mean over bins, 1×1 convolution to a quarter of the channels.
    let pyramid: [Sequential]
    let block: Sequential
    let classifier: Conv2d
    package let featureChannels: Int
    package var resolutionStage: Int { 3 }
    package var classifierTensors: [String] { ["classifier.*"] }

    private let isMMSegs: Bool

    /// - Parameter isMMSegs: all branches are `width` wide, and pooled maps are resized without aligning corners.
    package init(_ inChannels: Int, classes: Int, width: Int? = nil, isMMSegs: Bool = false) {
        self.isMMSegs = isMMSegs
        featureChannels = width ?? inChannels / 4
        let branch = isMMSegs ? featureChannels : inChannels / 4
        pyramid = Self.bins.map { Sequential([AdaptiveAvgPool2d($0)] + convNormReLU(inChannels, branch, kernel: 1)) }
        block = Sequential(convNormReLU(inChannels + branch * Self.bins.count, featureChannels, kernel: 3) + [Dropout(0.1)])
        classifier = Conv2d(featureChannels, classes, kernel: 1)
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let x = stages[3]
        let size = Array(x.shape.suffix(2))
        let pooled = pyramid.map { F.bilinear($0(x), size, alignCorners: !isMMSegs) }
        let features = block.apply(0..<3, to: .concatenate([x] + pooled, 1))
        return (features, classifier(block.layers[3](features)))
    }

    package var keyMaps: [KeyMap] {
        guard isMMSegs else { return [] }
        return [
            .mmseg(
                "mmsegmentation's PSPNet", recognizedBy: ["decode_head.psp_modules.0.1.conv.weight"],
                butNot: ["decode_head.fpn_bottleneck.conv.weight"],
                rules: [
                    .rename("decode_head.psp_modules.*.1.conv.*", to: "classifier.pyramid.*.1.*"),
                    .rename("decode_head.psp_modules.*.1.bn.*", to: "classifier.pyramid.*.2.*"),
                    .rename("decode_head.bottleneck.conv.*", to: "classifier.block.0.*"),
                    .rename("decode_head.bottleneck.bn.*", to: "classifier.block.1.*"),
                    .rename("decode_head.conv_seg.*", to: "classifier.classifier.*"),
                ])
        ]
    }
}
