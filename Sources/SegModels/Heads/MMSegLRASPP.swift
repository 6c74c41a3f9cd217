import Torch
import TorchNN

/// LR-ASPP as mmsegmentation has it (`LRASPPHead`; Howard et al. 2019): the deepest map, weighed by its means over large windows, joined
/// with the maps of strides 4 and 2, one after the other.
package final class MMSegLRASPP: Module, SegmentationHead {
    private let asppConv: ConvModule
    private let imagePool: Conv2d
    private let convUpInput: Conv2d
    /// Of the map of stride 2 and that of stride 4.
    private let convs: [Conv2d]
    private let convUps: [ConvModule]
    private let convSeg: Conv2d
    private let dropout = Dropout2d(0.1)
    package let featureChannels: Int
    package var resolutionStage: Int { 0 }
    package var classifierTensors: [String] { ["conv_seg.*"] }

    /// The side of the windows, in pixels of the deepest map, and their strides.
    private static let window = (side: 49, strides: [16, 20])

    /// - Parameters:
    ///   - half: channels of the map of stride 2.
    ///   - shallow: of the map of stride 4.
    package init(half: Int, shallow: Int, deep: Int, classes: Int, width: Int = 128) {
        featureChannels = width
        asppConv = ConvModule(deep, width, eps: 1e-3)
        imagePool = Conv2d(deep, width, kernel: 1, bias: false)
        convUpInput = Conv2d(width, width, kernel: 1)
        let branches = [32, 64]
        convs = zip([half, shallow], branches).map { Conv2d($0, $1, kernel: 1, bias: false) }
        convUps = branches.map { ConvModule(width + $0, width, eps: 1e-3) }
        convSeg = classifier(width, classes)
    }

    package override var members: [(key: String, member: Member)] {
        let branches: [(key: String, member: Member)] = convs.indices.flatMap {
            [("convs.conv\($0)", .module(convs[$0])), ("conv_ups.conv_up\($0)", .module(convUps[$0]))]
        }
        return branches + [
            ("conv_up_input", .module(convUpInput)), ("aspp_conv", .module(asppConv)), ("image_pool.1.conv", .module(imagePool)),
            ("dropout", .module(dropout)), ("conv_seg", .module(convSeg)),
        ]
    }

    /// The scores have half the image's size.
    package func tapStrides(_ strides: [Int]) -> (features: Int, logits: Int) { (strides[0] / 2, strides[0] / 2) }

    /// The four maps, and the one of stride 2.
    package func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        guard let backbone = backbone as? MobileNet else { preconditionFailure("the table lets it stand on MobileNets alone") }
        var half: Tensor?
        let maps = backbone.stages(image, taps: &taps) { half = $0 }
        return maps + [half!]
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let deep = stages[3]
        // mmsegmentation refuses a map smaller than a window; here it is one window.
        let window = [min(Self.window.side, deep.size(2)), min(Self.window.side, deep.size(3))]
        let means = imagePool(F.avgPool2d(deep, kernel: window, stride: Self.window.strides)).sigmoid()
        var x = convUpInput(asppConv(deep) * F.bilinear(means, Array(deep.shape.suffix(2))))
        for (branch, map) in [(1, stages[0]), (0, stages[4])] {
            // The joint convolution of the enlarged map is computed before enlarging it.
            let conv = convUps[branch]
            let weights = conv.conv.weight.split([x.size(1), conv.conv.weight.size(1) - x.size(1)], 1).map { $0.flatten(1) }
            x = F.relu_(conv.bn(convolvedAsJoined([convs[branch](map), x], [weights[1], weights[0]])))
        }
        return (x, convSeg(dropout(x)))
    }

    package var keyMaps: [KeyMap] { [.mmseg("mmsegmentation's LR-ASPP", recognizedBy: ["decode_head.conv_up_input.weight"])] }
}
