import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Whole networks of mmsegmentation, and SegFormer as its authors publish it.
@Suite struct MMSegNetworkTests {
    private func swin(hasAuxiliaryHead: Bool) -> EncoderDecoder {
        var shape = Swin.Configuration(width: 8, depths: [1, 2, 1, 1], heads: 1, window: 4)
        (shape.heads, shape.shift) = ([1, 2, 2, 4], .always)
        let backbone = Swin(shape)
        return EncoderDecoder(
            card, backbone, head: UPerNetHead(backbone.channels, classes: 5, width: 12),
            auxiliary: hasAuxiliaryHead ? FCN(32, classes: 5, width: 10, stage: 2) : nil)
    }

    private func segformer(_ form: SegFormerHead.Form) -> EncoderDecoder {
        var shape = MiT.Configuration()
        (shape.widths, shape.depths, shape.heads) = ([8, 16, 16, 32], [1, 2, 1, 1], [1, 2, 2, 4])
        let backbone = MiT(shape)
        return EncoderDecoder(card, backbone, head: SegFormerHead(backbone.channels, classes: 5, width: 12, form: form))
    }

    private var card: ModelCard { ModelCard(name: "test", sizeMultiple: 32, classes: 5, license: "", source: "") }

    @Test(arguments: ["segformer", "upernet.swin", "upernet.swin.odd", "upernet.resnet18"])
    func evaluation(name: String) throws {
        try withTorchErrors {
            let zoo = try ZooCase(name, of: "mmseg_networks")
            let model: SegmentationModel =
                switch name {
                case "segformer": segformer(.normalized)
                case "upernet.resnet18":
                    try Models.make("upernet-resnet18", classes: 5, options: .init(headChannels: 12, hasAuxiliaryHead: true))
                default: swin(hasAuxiliaryHead: name == "upernet.swin")
                }
            let weights = zoo.weights.mapValues(\.float)
            let report = try model.load(weights: Dictionary(uniqueKeysWithValues: weights.map { ("state_dict.\($0)", $1) }), from: name)
            #expect(report.initialized.isEmpty)
            let image = try zoo.image
            let taps = withoutGradients { model.eval().record(zoo.settings.taps, of: image) }
            for tap in zoo.settings.taps { try zoo.check(try #require(taps[tap]), tap) }
        }
    }

    @Test(arguments: ["large", "small"]) func lraspp(_ size: String) throws {
        try ZooCase("lraspp-\(size)", of: "mmseg_networks").checkParity(as: "mmseg:lraspp-mobilenetv3-\(size)")
    }

    /// The authors' head has a classifier more than it uses.
    @Test func officialSegFormer() throws {
        try withTorchErrors {
            let model = segformer(.linear).eval()
            model.fillByFormula()
            var file: [String: Tensor] = [:]
            for (key, tensor) in model.stateDict() {
                let name = key.hasPrefix("classifier.") ? "decode_head." + key.dropFirst("classifier.".count) : key
                file["state_dict.\(name)"] = tensor.detach().clone()
            }
            file["state_dict.decode_head.conv_seg.weight"] = .ones([5, 12, 1, 1])
            file["state_dict.decode_head.conv_seg.bias"] = .ones([5])
            let other = segformer(.linear).eval()
            try other.load(weights: file, from: "segformer.b0.512x512.ade.160k.pth")
            let image = formula("image", [1, 3, 64, 96])
            #expect(withoutGradients { other(image).logits.equals(model(image).logits) })
        }
    }

    /// SegFormer's names and widths.
    @Test func segFormersOfTheTable() throws {
        for (name, width) in [("segformer-b0", 256), ("segformer-mit-b0", 256), ("segformer-b1", 256), ("segformer-b2", 768)] {
            let model = try Models.make(name, classes: 4)
            #expect(model.card.name == name)
            #expect(model.tapChannels["features"] == width)
            #expect(model.tapStrides["logits"] == 4)
        }
    }
}
