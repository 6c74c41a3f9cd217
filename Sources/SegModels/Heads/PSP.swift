import Torch
import TorchNN

/// Pyramid pooling and a 3×3 convolution (Zhao et al., CVPR 2017): the head of PSPNet, with the widths of CIRKD and semseg.
package final class PSP: Module, SegmentationHead {
    static let bins = [1, 2, 3, 6]

    /// The pooled branches: mean over bins, 1×1 convolution to a quarter of the channels.
    let pyramid: [Sequential]
    let block: Sequential
    let classifier: Conv2d
    package let featureChannels: Int
    package var resolutionStage: Int { 3 }
    package var classifierTensors: [String] { ["classifier.*"] }

    package init(_ inChannels: Int, classes: Int, width: Int? = nil) {
        featureChannels = width ?? inChannels / 4
        pyramid = Self.bins.map { Sequential([AdaptiveAvgPool2d($0)] + convNormReLU(inChannels, inChannels / 4, kernel: 1)) }
        block = Sequential(convNormReLU(inChannels * 2, featureChannels, kernel: 3) + [Dropout(0.1)])
        classifier = Conv2d(featureChannels, classes, kernel: 1)
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let x = stages[3]
        let size = Array(x.shape.suffix(2))
        let pooled = pyramid.map { F.bilinear($0(x), size, alignCorners: true) }
        let features = block.apply(0..<3, to: .concatenate([x] + pooled, 1))
        return (features, classifier(block.layers[3](features)))
    }
}
