import Foundation
import Torch
import TorchNN

/// ESPNetv2 for segmentation (Mehta et al., CVPR 2019; github.com/sacmehta/EdgeNets), under the names of its published files.
///
/// Taps: `stage1` … `stage3` at strides 4, 8, 16; `features` at stride 2; `logits` at the image's size.
public final class ESPNetv2: SegmentationModel {
    static let widths: [String: [Int]] = [
        "0.5": [16, 32, 64, 128], "1.0": [32, 64, 128, 256], "1.25": [32, 80, 160, 320], "1.5": [32, 96, 192, 384],
        "2.0": [32, 128, 256, 512],
    ]
    private static let decoderWidths = [64, 48, 32]

    let encoder: ESPNetv2Encoder
    let decoder: [PyramidPool]
    let gates: [ChannelGate]
    let joins: [Sequential]

    /// - Parameters:
    ///   - scale: a key of ``widths``.
    ///   - width: channels inside the pyramids. By default the published min(classes / 2, 16), but at least 10, so that the
    ///     published weights fit every number of classes.
    init(scale: String, _ card: ModelCard, width: Int? = nil) {
        let widths = Self.widths[scale]!
        let inner = width ?? max(10, min(card.classes / 2, 16))
        let outputs = Self.decoderWidths + [card.classes]
        let inputs = [widths[3]] + Self.decoderWidths
        encoder = ESPNetv2Encoder(widths: widths)
        decoder = (0..<4).map { PyramidPool(inputs[$0], width: inner, outputs[$0], isLast: $0 == 3) }
        gates = (0..<3).map { ChannelGate(widths[2 - $0], outputs[$0]) }
        joins = (0..<3).map { Sequential(BatchNorm2d(outputs[$0]), PReLU(outputs[$0])) }
        super.init(
            card,
            taps: [
                ("stage1", widths[1], 4), ("stage2", widths[2], 8), ("stage3", widths[3], 16), ("features", inner, 2),
                ("logits", card.classes, 1),
            ])
        initializeConvolutions(of: self)
    }

    public override var members: [(key: String, member: Member)] {
        let levels = decoder.enumerated().map { ("bu_dec_l\($0 + 1)", Member.module($1)) }
        let merges = gates.enumerated().map { ("merge_enc_dec_l\($0 + 2)", Member.module($1)) }
        let norms = joins.enumerated().map { ("bu_br_l\($0 + 2)", Member.module($1)) }
        return [("base_net", .module(encoder))] + levels + merges + norms
    }

    public override var alignsCorners: Bool { true }
    public override var dropsChannels: Bool { true }
    public override var classifierTensors: [String] { ["bu_dec_l4.merge_layer.3.*"] }
    public override var encoderPart: EncoderPart? { EncoderPart(card.name, path: "base_net", encoder) }
    public override var headTensors: [String] { ["bu_dec_l*", "merge_enc_dec_l*", "bu_br_l*"] }
    public override var keyMaps: [KeyMap] {
        [
            KeyMap(
                "EdgeNets' ImageNet network", .official, recognizedBy: ["level1.conv.weight"],
                rules: [.drop("level5*"), .drop("classifier.*")], prefix: "base_net.", isBackbone: true)
        ]
    }

    public override func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        let stages = encoder(image)
        for index in 1...3 { taps.record("stage\(index)", stages[index]) }
        let maps = taps.read(stages)
        var x = decoder[0](maps[3])
        for index in 0..<3 {
            let skip = maps[2 - index]
            x = joins[index](gates[index](skip).add_(F.bilinear(x, Array(skip.shape.suffix(2)), alignCorners: true)))
            if index < 2 { x = decoder[index + 1](x) }
        }
        let features = decoder[3].features(x)
        taps.record("features", features)
        let logits = resize(decoder[3].expansion(features), to: Array(image.shape.suffix(2)))
        taps.record("logits", logits)
        return ModelOutput(logits: logits)
    }
}
