import Torch
import TorchNN

/// A 3×3 convolution and the classifier (Long et al. 2015), as torchvision's `FCNHead`; also the auxiliary head.
package final class FCN: Module, SegmentationHead {
    private let layers: Sequential
    private let stage: Int
    package let featureChannels: Int
    package var resolutionStage: Int { stage }
    package var classifierTensors: [String] { ["4.*"] }

    /// - Parameter stage: which of the backbone's maps it reads, 0…3.
    package init(_ inChannels: Int, classes: Int, width: Int? = nil, stage: Int = 3) {
        featureChannels = width ?? inChannels / 4
        self.stage = stage
        let tail: [any Layer] = [Dropout(0.1), Conv2d(featureChannels, classes, kernel: 1)]
        layers = Sequential(convNormReLU(inChannels, featureChannels, kernel: 3) + tail)
    }

    package override class var keys: [String: String] { ["layers": ""] }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let features = layers.apply(0..<3, to: stages[stage])
        return (features, layers.apply(3..<5, to: features))
    }
}

extension Sequential {
    /// Some of the layers, one after the other.
    func apply(_ range: Range<Int>, to x: Tensor) -> Tensor { layers[range].reduce(x) { $1($0) } }
}
