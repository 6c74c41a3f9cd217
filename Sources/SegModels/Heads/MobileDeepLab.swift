import Torch
import TorchNN

/// DeepLab's pyramid without dilation, as MobileNetV2 was published with it (Sandler et al. 2018, section 6.3): a 1×1 convolution of
/// the deepest map beside its mean, joined by another. Names are transformers' (`MobileNetV2DeepLabV3Plus`).
package final class MobileDeepLab: Module, SegmentationHead {
    private let convPool: ConvModule
    private let convAspp: ConvModule
    private let convProjection: ConvModule
    private let classifier: Conv2d
    let dropout: Dropout2d
    package let featureChannels = 256
    package var resolutionStage: Int { 3 }
    package var classifierTensors: [String] { ["classifier.*"] }

    package init(_ inChannels: Int, classes: Int, dropout: Double = 0.8) {
        func conv(_ inChannels: Int) -> ConvModule { ConvModule(inChannels, 256, momentum: 0.997) }
        convPool = conv(inChannels)
        convAspp = conv(inChannels)
        convProjection = conv(512)
        classifier = Conv2d(256, classes, kernel: 1)
        self.dropout = Dropout2d(dropout)
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let x = stages[3]
        // The mean is the same everywhere: its part of the joint convolution is one number a channel, added to the map's.
        let weights = convProjection.conv.weight.split([256, 256], 1)
        let mean = F.conv2d(convPool(F.adaptiveAvgPool2d(x, [1, 1])), weights[0])
        let features = F.relu_(convProjection.bn(F.conv2d(convAspp(x), weights[1]) + mean))
        return (features, classifier(dropout(features)))
    }

    package var keyMaps: [KeyMap] {
        let rules = ["conv_pool", "conv_aspp", "conv_projection"].flatMap { name -> [KeyMap.Rule] in
            [
                .rename("segmentation_head.\(name).convolution.*", to: "classifier.\(name).conv.*"),
                .rename("segmentation_head.\(name).normalization.*", to: "classifier.\(name).bn.*"),
            ]
        }
        return [
            KeyMap(
                "transformers' MobileNetV2 with DeepLab", .transformers, recognizedBy: ["segmentation_head.conv_aspp.convolution.weight"],
                rules: rules + [.rename("segmentation_head.classifier.convolution.*", to: "classifier.classifier.*")],
                backbonePrefix: "mobilenet_v2.")
        ]
    }
}
