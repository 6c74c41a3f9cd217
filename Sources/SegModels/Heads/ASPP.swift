import Torch
import TorchNN

/// Atrous spatial pyramid pooling as mmsegmentation has it: DeepLabV3 (`ASPPHead`), and with separable convolutions and a
/// decoder DeepLabV3+ (`DepthwiseSeparableASPPHead`; Chen et al., ECCV 2018).
package final class ASPP: Module, SegmentationHead {
    /// DeepLabV3+'s decoder: the pyramid joined with a shallow map.
    package struct Decoder: Sendable {
        /// Channels of the shallow map, and of its 1×1 convolution.
        package let inChannels: Int
        package let width: Int

        package init(_ inChannels: Int, width: Int) {
            self.inChannels = inChannels
            self.width = width
        }
    }

    private let imagePool: ConvModule
    private let asppModules: [any Layer]
    private let bottleneck: ConvModule
    private let c1Bottleneck: ConvModule?
    private let sepBottleneck: Sequential?
    private let convSeg: Conv2d
    private let dropout: Dropout2d
    package let featureChannels: Int
    package var resolutionStage: Int { c1Bottleneck == nil ? 3 : 0 }
    package var classifierTensors: [String] { ["conv_seg.*"] }

    /// - Parameters:
    ///   - rates: dilations of the pyramid; its first branch, a 1×1 convolution, is not counted.
    ///   - decoder: nil for DeepLabV3.
    package init(_ inChannels: Int, classes: Int, rates: [Int], width: Int = 512, decoder: Decoder? = nil, dropout: Double = 0.1) {
        featureChannels = width
        imagePool = ConvModule(inChannels, width)
        let atrous = rates.map { rate -> any Layer in
            decoder == nil
                ? ConvModule(inChannels, width, kernel: 3, dilation: rate) : SeparableConvModule(inChannels, width, dilation: rate)
        }
        asppModules = [ConvModule(inChannels, width)] + atrous
        bottleneck = ConvModule((rates.count + 2) * width, width, kernel: 3)
        c1Bottleneck = decoder.map { ConvModule($0.inChannels, $0.width) }
        sepBottleneck = decoder.map {
            Sequential(SeparableConvModule(width + $0.width, width), SeparableConvModule(width, width))
        }
        convSeg = classifier(width, classes)
        self.dropout = Dropout2d(dropout)
    }

    package override class var keys: [String: String] { ["imagePool": "image_pool.1", "c1Bottleneck": "c1_bottleneck"] }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let x = stages[3]
        // Resizing one pixel bilinearly gives that pixel everywhere.
        let mean = imagePool(F.adaptiveAvgPool2d(x, [1, 1]))
        let spread = mean.expand([mean.size(0), mean.size(1), x.size(2), x.size(3)])
        let format: MemoryFormat = x.isContiguous(.channelsLast) ? .channelsLast : .contiguous
        var features = bottleneck(.concatenate([spread.contiguous(format)] + asppModules.map { $0(x) }, 1))
        if let c1Bottleneck, let sepBottleneck {
            let low = c1Bottleneck(stages[0])
            features = sepBottleneck(.concatenate([F.bilinear(features, Array(low.shape.suffix(2))), low], 1))
        }
        return (features, convSeg(dropout(features)))
    }

    package var keyMaps: [KeyMap] {
        let mark = c1Bottleneck == nil ? "aspp_modules.1.conv.weight" : "c1_bottleneck.conv.weight"
        return [.mmseg("mmsegmentation's DeepLabV3" + (c1Bottleneck == nil ? "" : "+"), recognizedBy: ["decode_head.\(mark)"])]
    }
}
