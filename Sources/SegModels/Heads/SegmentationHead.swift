import Torch
import TorchNN

/// What turns a backbone's maps into scores.
package protocol SegmentationHead: Module {
    /// Channels of the `features` tap.
    var featureChannels: Int { get }
    /// The backbone's stage (0…3) that gives the head's result its size.
    var resolutionStage: Int { get }
    /// Names of the tensors whose shapes follow from the number of classes, within the head.
    var classifierTensors: [String] { get }
    /// How the names in published files of whole networks become the model's (`classifier.…`, `aux_classifier.…`).
    var keyMaps: [KeyMap] { get }
    /// Whether scores are resized with their corner pixels aligned.
    var alignsCorners: Bool { get }
    /// The image's size over that of the `features` and the `logits`, on a backbone whose maps have these strides.
    func tapStrides(_ strides: [Int]) -> (features: Int, logits: Int)
    /// What the head reads: the backbone's four maps, if it does not say otherwise. Fewer may come when the taps are complete.
    func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor]
    /// Four maps to the map before the classifier, before dropout, and the scores.
    func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor)
}

extension SegmentationHead {
    package var keyMaps: [KeyMap] { [] }
    package var alignsCorners: Bool { false }

    package func tapStrides(_ strides: [Int]) -> (features: Int, logits: Int) { (strides[resolutionStage], strides[resolutionStage]) }

    package func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor] { backbone.stages(image, taps: &taps) }
}

/// 3×3 or 1×1 convolution (no bias), batch normalisation, ReLU.
func convNormReLU(_ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1, dilation: Int = 1) -> [any Layer] {
    let conv = Conv2d(
        inChannels, outChannels, kernel: kernel, stride: stride, padding: kernel / 2 * dilation, dilation: dilation, bias: false)
    return [conv, BatchNorm2d(outChannels), InPlaceReLU()]
}

/// max(0, x) in place: what comes before is a normalisation, whose gradient needs its input only.
final class InPlaceReLU: Module, Layer {
    func callAsFunction(_ x: Tensor) -> Tensor { F.relu_(x) }
}
