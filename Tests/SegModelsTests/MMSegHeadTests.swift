import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Four maps made by formula, as `scripts/reference/heads_mmseg.py` makes them: a backbone without weights.
final class FormulaBackbone: Backbone {
    static let sizes = [[12, 16], [6, 8], [3, 4], [3, 4]]
    private let format: MemoryFormat

    init(format: MemoryFormat = .contiguous) {
        self.format = format
        super.init(channels: [8, 12, 16, 24], strides: [4, 8, 16, 16])
    }

    override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let maps = (0..<4).map { formula("stage\($0 + 1)", [2, channels[$0]] + Self.sizes[$0]).contiguous(format) }
        for (index, map) in maps.enumerated() { taps.record("stage\(index + 1)", map) }
        return maps
    }
}

/// mmsegmentation's heads, loaded from its names.
@Suite struct MMSegHeadTests {
    static let names = ["fcn", "fcn.plain", "fcn.joined", "pspnet", "deeplabv3", "deeplabv3plus", "segformer", "upernet"]

    static func model(_ name: String, format: MemoryFormat = .contiguous) -> EncoderDecoder {
        let channels = [8, 12, 16, 24]
        let head: any SegmentationHead =
            switch name {
            case "fcn": FCN(24, classes: 5, width: 8, convs: 2, concatenates: true)
            case "fcn.plain": FCN(24, classes: 5, width: 8)
            case "fcn.joined": FCN(channels, classes: 5, width: 60, stages: [0, 1, 2, 3], kernel: 1)
            case "pspnet": PSP(24, classes: 5, width: 8, isMMSegs: true)
            case "deeplabv3": ASPP(24, classes: 5, rates: [2, 4, 6], width: 8)
            case "deeplabv3plus": ASPP(24, classes: 5, rates: [2, 4, 6], width: 8, decoder: .init(8, width: 6))
            case "segformer": SegFormerHead(channels, classes: 5, width: 8, form: .normalized)
            default: UPerNetHead(channels, classes: 5, width: 8)
            }
        let card = ModelCard(name: name, sizeMultiple: 16, classes: 5, license: "", source: "")
        return EncoderDecoder(card, FormulaBackbone(format: format), head: head)
    }

    @Test(arguments: names) func evaluation(name: String) throws {
        try withTorchErrors {
            let zoo = try ZooCase(name, of: "heads_mmseg")
            for format in [MemoryFormat.contiguous, .channelsLast] {
                let model = Self.model(name, format: format)
                let report = try model.load(weights: zoo.weights, from: name)
                #expect(report.loaded == zoo.settings.shapes.count)
                let taps = withoutGradients { model.eval().record(["features", "logits"], of: .zeros([2, 3, 48, 64])) }
                for tap in zoo.settings.taps { try zoo.check(try #require(taps[tap]), tap, relative: 1e-5) }
                #expect(taps["logits"]!.shape == [2, 5] + [48, 64].map { $0 / model.tapStrides["logits"]! })
            }
        }
    }

    /// Gradients by their own names and by mmsegmentation's.
    static let gradients: [String: [String: String]] = [
        "fcn": ["convs.0.conv.weight": "", "conv_cat.conv.weight": ""], "fcn.joined": ["convs.0.conv.weight": ""],
        "pspnet": ["pyramid.1.1.weight": "psp_modules.1.1.conv.weight"], "deeplabv3": ["aspp_modules.1.conv.weight": ""],
        "deeplabv3plus": ["aspp_modules.1.depthwise_conv.conv.weight": "", "c1_bottleneck.conv.weight": ""],
        "segformer": ["convs.3.conv.weight": "", "fusion_conv.conv.weight": ""],
        "upernet": ["psp_modules.1.1.conv.weight": "", "lateral_convs.0.conv.weight": ""],
    ]

    @Test(arguments: gradients.keys.sorted()) func training(name: String) throws {
        try withTorchErrors {
            let zoo = try ZooCase("\(name).train", of: "heads_mmseg")
            let model = Self.model(name)
            try model.load(weights: zoo.weights, from: name)
            for (_, module) in model.namedModules() where module is Dropout || module is Dropout2d { module.train(false) }
            var taps = Taps(["features", "logits"])
            _ = model.forward(.zeros([2, 3, 48, 64]), taps: &taps)
            for tap in zoo.settings.taps { try zoo.check(try #require(taps[tap]), tap) }
            backwardAgainstCotangent([taps["features"]!, taps["logits"]!])
            let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters())
            for (own, theirs) in Self.gradients[name]! {
                let gradient = try #require(parameters["classifier.\(own)"]?.grad)
                try zoo.check(gradient, "grad.decode_head.\(theirs.isEmpty ? own : theirs)")
            }
        }
    }
}
