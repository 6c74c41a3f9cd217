import Foundation
import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

/// The heads of the table on backbones of the table.
@Suite struct SegmenterTests {
    static let names = [
        "deeplabv3plus-resnet18", "segformer-mobilenetv2", "upernet-resnet18", "mmseg:fcn-resnet18", "mmseg:pspnet-resnet18",
        "mmseg:deeplabv3-mobilenetv2", "mmseg:segformer-resnet18",
    ]

    /// Shapes are those declared, in float32 and bfloat16, and channels-last maps stay so.
    @Test(arguments: names) func tapsAreAsDeclared(name: String) throws {
        try withTorchErrors {
            let model = try Models.make(name, classes: 5).eval()
            model.to(format: .channelsLast)
            let image = Tensor.randn([2, 3, 64, 96]).contiguous(.channelsLast)
            let taps = withoutGradients { model.record(model.tapChannels.keys, of: image) }
            #expect(Set(taps.tensors.keys) == Set(model.tapChannels.keys))
            for (tap, tensor) in taps.tensors {
                let stride = try #require(model.tapStrides[tap])
                #expect(tensor.shape == [2, model.tapChannels[tap], 64 / stride, 96 / stride], "\(tap)")
                #expect(tensor.isContiguous(.channelsLast), "\(tap)")
            }
            let half = withoutGradients { withAutocast(.bfloat16, on: .cpu) { model(image).logits } }
            #expect(half.dtype == .bfloat16)
            try assertClose(half.float, taps["logits"]!, relative: 0.1)
        }
    }

    /// Every parameter learns, of images of any size, in float32 and bfloat16.
    @Test(arguments: names, [false, true]) func training(name: String, isHalf: Bool) throws {
        try withTorchErrors {
            let model = try Models.make(name, classes: 5, options: .init(hasAuxiliaryHead: true))
            let image = Tensor.randn([2, 3, 75, 91]).contiguous(.channelsLast)
            let output = isHalf ? withAutocast(.bfloat16, on: .cpu) { model(image) } : model(image)
            let loss = output.logits.float.square().mean() + output.auxiliary!.float.square().mean()
            loss.backward()
            for (name, parameter) in model.namedParameters() {
                let gradient = try #require(parameter.grad, "\(name) has no gradient")
                #expect(gradient.isFinite().all().item() == 1, "\(name)")
            }
        }
    }

    private func tensors(_ model: Module) -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: model.stateDict().map { ($0.0, $0.1.detach().clone()) })
    }

    @Test(arguments: names) func newClassesKeepTheRest(name: String) throws {
        let file = tensors(try Models.make(name, classes: 5))
        let model = try Models.make(name, classes: 3)
        #expect { try model.load(weights: file, from: "five") } throws: { error in
            (error as? LoadError)?.mismatched.allSatisfy { $0.found[0] == 5 && $0.expected[0] == 3 } == true
        }
        let report = try model.load(weights: file, from: "five", reinitialize: ["head"])
        #expect(report.initialized.count == 2)
        for (key, tensor) in model.stateDict() where !report.initialized.contains(key) {
            #expect(tensor.equals(file[key]!), "\(key)")
        }
    }

    /// A checkpoint as mmsegmentation writes it, with its wrapping key and an auxiliary head.
    @Test func wholeCheckpoint() throws {
        let zoo = try ZooCase("upernet", of: "heads_mmseg")
        let model = try Models.make("upernet-resnet18", classes: 5)
        var file: [String: Tensor] = [:]
        for (key, tensor) in tensors(model) {
            let renamed = key.hasPrefix("classifier.") ? "decode_head." + key.dropFirst("classifier.".count) : key
            file["state_dict.\(renamed)"] = tensor + 1
        }
        try model.load(weights: file, from: "upernet.pth")
        for (key, tensor) in model.stateDict() where key.hasPrefix("classifier.") {
            #expect(tensor.equals(file["state_dict.decode_head.\(key.dropFirst(11))"]!), "\(key)")
        }
        let (deep, width) = (256, 256)
        file["state_dict.auxiliary_head.convs.0.conv.weight"] = .ones([width, deep, 3, 3])
        for leaf in ["weight", "bias", "running_mean", "running_var"] {
            file["state_dict.auxiliary_head.convs.0.bn.\(leaf)"] = .ones([width])
        }
        file["state_dict.auxiliary_head.conv_seg.weight"] = .ones([5, width, 1, 1])
        file["state_dict.auxiliary_head.conv_seg.bias"] = .ones([5])
        #expect { try model.load(weights: file, from: "upernet.pth") } throws: {
            ($0 as? LoadError)?.unexpected.contains("aux_classifier.conv_seg.bias") == true
        }
        try model.load(weights: file, from: "upernet.pth", discard: ["aux_classifier.*"])
        try Models.make("upernet-resnet18", classes: 5, options: .init(hasAuxiliaryHead: true)).load(weights: file, from: "upernet.pth")
        // A head of other widths is refused by name.
        #expect { try model.load(weights: zoo.weights, from: "narrow.pth") } throws: { error in
            guard let error = error as? LoadError else { return false }
            return error.mismatched.contains { $0.name == "classifier.bottleneck.conv.weight" }
                && error.missing.contains("backbone.conv1.weight")
        }
    }

    /// DINOv2 publishes its linear heads apart from the backbone.
    @Test func headOfItsOwnFile() throws {
        try withTorchErrors {
            let card = ModelCard(name: "linear", sizeMultiple: 16, classes: 5, license: "", source: "")
            for maps in [1, 4] {
                let channels = Array(repeating: 24, count: maps)
                let model = EncoderDecoder(card, FormulaTokens(), head: LinearHead(channels, classes: 5)).eval()
                let width = 24 * maps
                let norm = ["weight", "bias", "running_mean", "running_var"].map { leaf in
                    ("state_dict.decode_head.bn.\(leaf)", formulaWeight(leaf, [width]))
                }
                let classifier = formulaWeight("weight", [5, width, 1, 1])
                let file =
                    norm + [("state_dict.decode_head.conv_seg.weight", classifier), ("state_dict.decode_head.conv_seg.bias", .ones([5]))]
                try model.load(weights: Dictionary(uniqueKeysWithValues: file), from: "linear.pth", reinitialize: ["backbone.*"])
                let tokens = (4 - maps..<4).map { formula("block\($0)", [2, 13, 24])[.all, 1...] }
                let rows = Tensor.concatenate(tokens, 2)
                let scaled = (rows - norm[2].1) / (norm[3].1 + 1e-5).sqrt() * norm[0].1 + norm[1].1
                let scores = F.linear(scaled, classifier.flatten(1)) + 1.0
                let logits = withoutGradients { model(.zeros([2, 3, 48, 64])).logits }
                try assertClose(logits, scores.transpose(1, 2).reshape(2, 5, 3, 4), relative: 1e-5)
            }
        }
    }

    @Test func headsThatDoNotFitAreNotThere() {
        #expect(!Models.names.contains("linear-resnet18"))
        #expect(!Models.names.contains("dpt-resnet18"))
        #expect(throws: (any Error).self) { _ = try Models.make("dpt-resnet18", classes: 3) }
    }
}
