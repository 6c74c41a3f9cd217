import Torch
import TorchNN

/// Masked-attention mask transformer (Cheng et al., CVPR 2022): a set of queries, each of which becomes a mask and the mask's class.
/// One network for semantic, instance and panoptic segmentation: ``MaskPredictions`` holds what it says, `forward` gives semantic scores.
///
/// It stands on a hierarchical backbone with deformable attention among its maps, or, as SSKD's student, on a plain vision transformer
/// with the dense prediction transformer's neck.
public final class Mask2Former: SegmentationModel, MaskNetwork {
    public let backbone: Backbone
    package let pixelDecoder: any PixelDecoder
    package let predictor: QueryDecoder

    package init(_ card: ModelCard, _ backbone: Backbone, _ pixelDecoder: any PixelDecoder, options: QueryDecoder.Options = .init()) {
        (self.backbone, self.pixelDecoder) = (backbone, pixelDecoder)
        predictor = QueryDecoder(
            memory: pixelDecoder.memoryChannels, maskChannels: pixelDecoder.maskChannels, classes: card.classes, options: options)
        let stride = pixelDecoder.featureStride(backbone.strides)
        let scores = [("class.logits", card.classes + 1, 0), ("logits", card.classes, stride)]
        super.init(card, taps: Self.taps(backbone, pixelDecoder, queries: options.queries) + scores)
    }

    public override var encoderPart: EncoderPart? { EncoderPart(backbone.card.name, path: "backbone", backbone) }
    public override func checkSize(height: Int, width: Int) throws { try backbone.checkSize(height: height, width: width) }
    public override func adapt(to shapes: [String: [Int]]) {
        let below = shapes.under("backbone.")
        if !below.isEmpty { backbone.adapt(to: below) }
    }
    public override func adapt(to origin: KeyMap.Origin) { backbone.adapt(to: origin) }
    public override var patchTokens: (side: Int, channels: Int)? { backbone.patchTokens }
    public override var patchKernels: [String: Int] { backbone.patchKernels.below("backbone.") }
    public override var keyMaps: [KeyMap] { maskKeyMaps }
    public override var classifierTensors: [String] { ["predictor.class_embed.*"] }
    public override var headTensors: [String] { ["pixel_decoder.*", "predictor.*"] }

    /// Masks and their classes.
    ///
    /// - Parameters:
    ///   - image: B×3×H×W, normalised as the card says.
    ///   - hasAuxiliary: whether the predictions of every layer come too, as training with deep supervision needs them. Without, only the
    ///     last layer's classes and masks are computed.
    public func predictions(_ image: Tensor, hasAuxiliary: Bool = false) -> MaskPredictions {
        var taps = Taps()
        return predictions(image, hasAuxiliary: hasAuxiliary, taps: &taps)!
    }

    /// The same; records taps. Nil when they are complete before.
    public func predictions(_ image: Tensor, hasAuxiliary: Bool, taps: inout Taps) -> MaskPredictions? {
        guard let (features, states) = decode(image, keepsAll: hasAuxiliary, taps: &taps) else { return nil }
        func layer(_ state: Tensor) -> MaskPredictions.Layer {
            .init(classLogits: predictor.classify(state)!, maskLogits: predictor.masks(state, features))
        }
        let result = MaskPredictions(final: layer(states.last), auxiliary: states.before.map(layer))
        taps.record("class.logits", result.classLogits)
        taps.record("mask.logits", result.maskLogits)
        taps.record("logits", result.semantic)
        return result
    }

    override func run(_ image: Tensor, taps: inout Taps) { _ = predictions(image, hasAuxiliary: false, taps: &taps) }

    /// Semantic scores (``MaskPredictions/semantic``) at the masks' resolution.
    public override func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        guard let found = predictions(image, hasAuxiliary: false, taps: &taps) else {
            preconditionFailure("a pass for the taps alone has no output")
        }
        return ModelOutput(logits: taps["logits"] ?? found.semantic)
    }
}
