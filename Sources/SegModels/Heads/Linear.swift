import Torch
import TorchNN

/// Batch normalisation and a 1×1 convolution on one map or several joined: DINOv2's linear heads (`BNHead`; Oquab et al. 2023).
///
/// A plain vision transformer gives the patches after its last blocks, each through the last norm; another backbone its last stages.
package final class LinearHead: Module, SegmentationHead {
    private let bn: BatchNorm2d
    private let convSeg: Conv2d
    private let maps: Int
    package let featureChannels: Int
    package var resolutionStage: Int { 4 - maps }
    package var classifierTensors: [String] { ["conv_seg.*"] }

    /// - Parameters:
    ///   - channels: of the maps that are joined: one for the linear head, four for the multi-scale one.
    package init(_ channels: [Int], classes: Int) {
        maps = channels.count
        featureChannels = channels.reduce(0, +)
        bn = BatchNorm2d(featureChannels)
        convSeg = classifier(featureChannels, classes)
    }

    package func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        guard let transformer = backbone as? any TokenBackbone else { return backbone.stages(image, taps: &taps) }
        return transformer.maps(image, blocks: transformer.lastBlocks(maps), normed: true, taps: &taps)
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let features = bn(joined(Array(stages.suffix(maps))))
        return (features, convSeg(features))
    }

    package var keyMaps: [KeyMap] {
        [
            KeyMap(
                "DINOv2's linear head", .official, recognizedBy: ["decode_head.bn.weight"],
                rules: [.rename("decode_head.*", to: "classifier.*")])
        ]
    }
}
