import Torch
import TorchNN

/// Atrous spatial pyramid pooling and a 3×3 convolution (Chen et al. 2017), as torchvision's `DeepLabHead`.
package final class DeepLabV3: Module, SegmentationHead {
    private let layers: Sequential
    package let featureChannels: Int
    package var resolutionStage: Int { 3 }
    package var classifierTensors: [String] { ["4.*"] }

    /// - Parameter rates: dilations of the pyramid: 12, 24, 36 at output stride 8, half of them at 16.
    package init(_ inChannels: Int, classes: Int, rates: [Int], width: Int = 256) {
        featureChannels = width
        let pyramid: [any Layer] = [AtrousPyramid(inChannels, width, rates: rates)]
        layers = Sequential(pyramid + convNormReLU(width, width, kernel: 3) + [Conv2d(width, classes, kernel: 1)])
    }

    package override class var keys: [String: String] { ["layers": ""] }

    package var keyMaps: [KeyMap] { [.torchvisionMobile] }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let features = layers.apply(0..<4, to: stages[3])
        return (features, layers.layers[4](features))
    }
}

/// A map seen through convolutions of several dilations and as its mean, joined by a 1×1 convolution.
private final class AtrousPyramid: Module, Layer {
    let convs: [Sequential]
    let pooling: Sequential
    let project: Sequential

    init(_ inChannels: Int, _ width: Int, rates: [Int]) {
        let atrous = rates.map { Sequential(convNormReLU(inChannels, width, kernel: 3, dilation: $0)) }
        convs = [Sequential(convNormReLU(inChannels, width, kernel: 1))] + atrous
        pooling = Sequential([AdaptiveAvgPool2d(1)] + convNormReLU(inChannels, width, kernel: 1))
        project = Sequential(convNormReLU(width * (rates.count + 2), width, kernel: 1) + [Dropout(0.5)])
    }

    override var members: [(key: String, member: Member)] {
        let branches = (convs + [pooling]).enumerated().map { ("convs.\($0)", Member.module($1)) }
        return branches + [("project", .module(project))]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        // Resizing one pixel bilinearly gives that pixel everywhere.
        let mean = pooling(x)
        let format: MemoryFormat = x.isContiguous(.channelsLast) ? .channelsLast : .contiguous
        let spread = mean.expand([mean.size(0), mean.size(1), x.size(2), x.size(3)]).contiguous(format)
        return project(.concatenate(convs.map { $0(x) } + [spread], 1))
    }
}
