import Torch
import TorchNN

/// A backbone, a pixel decoder and queries that become masks.
protocol MaskNetwork: VisionModel {
    var backbone: Backbone { get }
    var pixelDecoder: any PixelDecoder { get }
    var predictor: QueryDecoder { get }
}

extension MaskNetwork {
    /// What the queries are after the decoder, beside the pixels' features. Nil when the taps are complete before.
    func decode(_ image: Tensor, keepsAll: Bool, taps: inout Taps) -> (features: Tensor, states: QueryDecoder.States)? {
        let stages = pixelDecoder.stages(of: backbone, image, taps: &taps)
        guard !taps.isComplete else { return nil }
        let pixels = pixelDecoder(stages)
        taps.record("pixel.features", pixels.features)
        return taps.isComplete ? nil : (pixels.features, predictor(pixels, keepsAll: keepsAll))
    }

    /// Names, channels and strides of the taps below the classes.
    static func taps(_ backbone: Backbone, _ pixelDecoder: any PixelDecoder, queries: Int) -> [(name: String, channels: Int, stride: Int)] {
        let below = backbone.tapChannels.filter { $0.key != "logits" }.map { ($0, $1, backbone.tapStrides[$0]!) }
        let stride = pixelDecoder.featureStride(backbone.strides)
        return below + [("pixel.features", pixelDecoder.maskChannels, stride), ("mask.logits", queries, stride)]
    }
}

/// A mask-classification network without classes: transformers' `Mask2FormerModel`.
public final class MaskProposer: VisionModel, MaskNetwork {
    public let backbone: Backbone
    package let pixelDecoder: any PixelDecoder
    package let predictor: QueryDecoder

    package init(_ card: ModelCard, _ backbone: Backbone, _ pixelDecoder: any PixelDecoder, options: QueryDecoder.Options = .init()) {
        (self.backbone, self.pixelDecoder) = (backbone, pixelDecoder)
        predictor = QueryDecoder(
            memory: pixelDecoder.memoryChannels, maskChannels: pixelDecoder.maskChannels, classes: nil, options: options)
        super.init(card, taps: Self.taps(backbone, pixelDecoder, queries: options.queries))
    }

    public override func checkSize(height: Int, width: Int) throws { try backbone.checkSize(height: height, width: width) }
    public override func adapt(to shapes: [String: [Int]]) { backbone.adapt(to: shapes.under("backbone.")) }
    public override func adapt(to origin: KeyMap.Origin) { backbone.adapt(to: origin) }
    public override var keyMaps: [KeyMap] { maskKeyMaps }

    override func run(_ image: Tensor, taps: inout Taps) {
        guard let (features, states) = decode(image, keepsAll: false, taps: &taps) else { return }
        taps.record("mask.logits", predictor.masks(states.last, features))
    }
}
