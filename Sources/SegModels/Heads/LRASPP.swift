import Torch
import TorchNN

/// Lite reduced atrous spatial pyramid pooling (Howard et al. 2019, section 6.4), as torchvision's `LRASPPHead`: scores from
/// the deepest map, gated by its mean, and from a shallower one.
///
/// The `features` tap is the deep branch at the shallow map's size, before its classifier.
package final class LRASPP: Module, SegmentationHead {
    let cbr: Sequential
    let scale: Conv2d
    let lowClassifier: Conv2d
    let highClassifier: Conv2d
    package let featureChannels: Int
    package let resolutionStage: Int
    package var classifierTensors: [String] { ["low_classifier.*", "high_classifier.*"] }

    /// - Parameter lowStage: which of the backbone's maps is the shallow one, 0…3.
    package init(low lowChannels: Int, high highChannels: Int, classes: Int, width: Int = 128, lowStage: Int = 1) {
        featureChannels = width
        resolutionStage = lowStage
        cbr = Sequential(convNormReLU(highChannels, width, kernel: 1))
        scale = Conv2d(highChannels, width, kernel: 1, bias: false)
        lowClassifier = Conv2d(lowChannels, classes, kernel: 1)
        highClassifier = Conv2d(width, classes, kernel: 1)
    }

    package override class var keys: [String: String] { ["scale": "scale.1"] }

    package var keyMaps: [KeyMap] { [.torchvisionMobile] }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let (low, high) = (stages[resolutionStage], stages[3])
        let gated = cbr(high) * scale(F.adaptiveAvgPool2d(high, [1, 1])).sigmoid()
        let features = F.bilinear(gated, Array(low.shape.suffix(2)))
        return (features, lowClassifier(low).add_(highClassifier(features)))
    }
}
