import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

/// Heads on plain vision transformers.
@Suite struct PlainSegmenterTests {
    static let names = ["linear-vit-tiny-patch16", "linear-ms-deit-tiny", "dpt-vit-tiny-patch16"]

    /// All taps, the transformer's and the head's, of one pass; in float32 and bfloat16.
    @Test(arguments: names) func tapsAreAsDeclared(name: String) throws {
        try withTorchErrors {
            let model = try Models.make(name, classes: 5).eval()
            let image = Tensor.randn([2, 3, 64, 96])
            let taps = withoutGradients { model.record(model.tapChannels.keys, of: image) }
            #expect(Set(taps.tensors.keys) == Set(model.tapChannels.keys))
            for tap in ["features", "logits", "stage1", "stage4"] {
                let stride = try #require(model.tapStrides[tap])
                #expect(taps[tap]?.shape == [2, model.tapChannels[tap]!, 64 / stride, 96 / stride], "\(tap)")
            }
            let alone = withoutGradients { model(image).logits }
            try assertClose(alone, taps["logits"]!, relative: 1e-5)
            let half = withoutGradients { withAutocast(.bfloat16, on: .cpu) { model(image).logits } }
            try assertClose(half.float, alone, relative: 0.1)
        }
    }

    @Test(arguments: names) func training(name: String) throws {
        try withTorchErrors {
            let model = try Models.make(name, classes: 5)
            model(Tensor.randn([2, 3, 64, 96])).logits.square().mean().backward()
            for (name, parameter) in model.namedParameters() where name.hasPrefix("classifier.") || name.contains("blocks.0.") {
                let gradient = try #require(parameter.grad, "\(name) has no gradient")
                #expect(gradient.isFinite().all().item() == 1, "\(name)")
            }
        }
    }

    @Test(arguments: names) func newClasses(name: String) throws {
        let file = Dictionary(uniqueKeysWithValues: try Models.make(name, classes: 5).stateDict().map { ($0.0, $0.1.detach().clone()) })
        let model = try Models.make(name, classes: 3)
        #expect(throws: LoadError.self) { try model.load(weights: file, from: "five") }
        #expect(try model.load(weights: file, from: "five", reinitialize: ["head"]).initialized.count == 2)
    }
}
