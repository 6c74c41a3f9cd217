import Torch
import TorchNN

/// ESPNet (Mehta et al., ECCV 2018; github.com/sacmehta/ESPNet), under the names of its published files.
///
/// Taps: `stage1` and `stage2` at strides 4 and 8; `features` at stride 2; `logits` at the image's size.
public final class ESPNet: SegmentationModel {
    let encoder: ESPNetEncoder
    let level3Classifier: Sequential
    let norm: BatchNorm2d
    let conv: Sequential
    let upLevel3: ConvTranspose2d
    let combined: (norm: Sequential, block: ESPBlock)
    let upLevel2: (conv: ConvTranspose2d, norm: Sequential)
    let classifier: ConvTranspose2d
    private let joinsImage: Bool

    /// - Parameters:
    ///   - p: blocks at stride 4.
    ///   - q: blocks at stride 8.
    ///   - joinsImage: whether the decoder's last level reads the encoder's first with the image joined to it, as in the
    ///     published training code and the CamVid file, or without, as in the Cityscapes files.
    init(_ card: ModelCard, p: Int, q: Int, joinsImage: Bool) {
        let classes = card.classes
        let eps = ESPBlock.eps
        encoder = ESPNetEncoder(classes: classes, p: p, q: q)
        level3Classifier = bareConv(131, classes)
        norm = BatchNorm2d(classes, eps: eps)
        conv = convNormAct((joinsImage ? 19 : 16) + classes, classes, kernel: 3, eps: eps)
        upLevel3 = Self.doubling(classes)
        combined = (normAct(2 * classes, eps: eps), ESPBlock(2 * classes, classes, isResidual: false))
        upLevel2 = (Self.doubling(classes), normAct(classes, eps: eps))
        classifier = Self.doubling(classes)
        self.joinsImage = joinsImage
        super.init(card, taps: [("stage1", 131, 4), ("stage2", 256, 8), ("features", classes, 2), ("logits", classes, 1)])
    }

    private static func doubling(_ channels: Int) -> ConvTranspose2d {
        ConvTranspose2d(channels, channels, kernel: 2, stride: 2, bias: false)
    }

    public override var members: [(key: String, member: Member)] {
        [
            ("encoder", .module(encoder)), ("level3_C", .module(level3Classifier)), ("br", .module(norm)), ("conv", .module(conv)),
            ("up_l3.0", .module(upLevel3)), ("combine_l2_l3.0", .module(combined.norm)), ("combine_l2_l3.1", .module(combined.block)),
            ("up_l2.0", .module(upLevel2.conv)), ("up_l2.1", .module(upLevel2.norm)), ("classifier", .module(classifier)),
        ]
    }

    /// The whole decoder is as wide as there are classes.
    public override var classifierTensors: [String] { ["encoder.classifier.*"] + headTensors }
    public override var headTensors: [String] {
        ["level3_C.*", "br.*", "conv.*", "up_l3.*", "combine_l2_l3.*", "up_l2.*", "classifier.*"]
    }
    public override var keyMaps: [KeyMap] {
        [KeyMap("ESPNet-C", .official, recognizedBy: ["level1.conv.weight"], prefix: "encoder.", isBackbone: true)]
    }

    public override func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        let (first, maps) = encoder(image)
        taps.record("stage1", maps[1])
        taps.record("stage2", maps[2])
        let deep = fitted(upLevel3(norm(encoder.classifier(maps[2]))), to: maps[1])
        let middle = combined.block(combined.norm(.concatenate([level3Classifier(maps[1]), deep], 1)))
        let shallow = joinsImage ? maps[0] : first
        let features = conv(.concatenate([fitted(upLevel2.norm(upLevel2.conv(middle)), to: shallow), shallow], 1))
        taps.record("features", features)
        let logits = fitted(classifier(features), to: image)
        taps.record("logits", logits)
        return ModelOutput(logits: logits)
    }

    /// Without the row or column that doubling a rounded-up half adds.
    private func fitted(_ x: Tensor, to other: Tensor) -> Tensor {
        let (height, width) = (other.size(2), other.size(3))
        return x.size(2) == height && x.size(3) == width ? x : x[.all, .all, 0..<height, 0..<width]
    }
}

/// ESPNet-C: the encoder with its own classifier; scores at an eighth of the image's size.
public final class ESPNetC: SegmentationModel {
    let encoder: ESPNetEncoder

    init(_ card: ModelCard, p: Int, q: Int) {
        encoder = ESPNetEncoder(classes: card.classes, p: p, q: q)
        super.init(card, taps: [("stage1", 131, 4), ("stage2", 256, 8), ("features", 256, 8), ("logits", card.classes, 8)])
    }

    public override class var keys: [String: String] { ["encoder": ""] }
    public override var classifierTensors: [String] { ["classifier.*"] }
    /// As PyTorch resized when it was published.
    public override var alignsCorners: Bool { true }

    public override func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        let (_, maps) = encoder(image)
        let logits = encoder.classifier(maps[2])
        taps.record("stage1", maps[1])
        taps.record("stage2", maps[2])
        taps.record("features", maps[2])
        taps.record("logits", logits)
        return ModelOutput(logits: logits)
    }
}
