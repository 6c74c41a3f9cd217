import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct SwinTests {
    private let tiny: Swin.Configuration = {
        var shape = Swin.Configuration(width: 8, depths: [1, 2, 2, 2], heads: 1, window: 4)
        shape.heads = [1, 2, 2, 4]
        return shape
    }()

    @Test(arguments: ["classifier", "names-in-memory", "padded", "options", "backbone", "backbone-small"])
    func folders(_ name: String) throws {
        try ZooCase(name, of: "swin").checkParity()
    }

    @Test func training() throws {
        let reference = try ZooCase("train", of: "swin")
        let model = try reference.model().train()
        try reference.check(model.record(reference.settings.taps, of: reference.image))
    }

    @Test func gradients() throws {
        let last = "swin.encoder.layers.3.blocks.1.attention"
        try ZooCase("classifier", of: "swin").checkGradients([
            "swin.embeddings.patch_embeddings.projection.weight": ["patch_embed.proj.weight"],
            "\(last).q_proj.weight": ["layers.3.blocks.1.attn.qkv.weight", "0", "64"],
            "swin.encoder.layers.1.blocks.1.attention.relative_position_bias.relative_position_bias_table": [
                "layers.1.blocks.1.attn.relative_position_bias_table"
            ],
            "swin.encoder.layers.2.downsample.reduction.weight": ["layers.2.downsample.reduction.weight"],
        ])
        try ZooCase("backbone", of: "swin").checkGradients(["\(last).v_proj.bias": ["layers.3.blocks.1.attn.qkv.bias", "128", "192"]])
    }

    /// Bare files of other libraries, by their maps: what differs is where windows stay, and what is padded when.
    @Test func timm() throws {
        var shape = tiny
        (shape.shift, shape.shiftsBeforePadding, shape.shrinksWindows) = (.bySide, true, true)
        try ZooCase("timm", of: "swin").checkWeights(of: Swin(shape, classes: 5))
        shape.window = 7
        try ZooCase("timm-small", of: "swin").checkWeights(of: Swin(shape, classes: 5))
        try ZooCase("timm-flat", of: "swin").checkWeights(of: Swin(shape, classes: 5))
    }

    @Test func torchvision() throws {
        var shape = tiny
        (shape.shift, shape.padsPatches) = (.bySide, false)
        try ZooCase("torchvision", of: "swin").checkWeights(of: Swin(shape, classes: 5), training: true)
    }

    @Test func mmsegmentation() throws {
        var shape = tiny
        shape.shift = .always
        try ZooCase("swin", of: "backbones_mmseg").checkWeights(of: Swin(shape))
    }

    /// mmsegmentation's layout of the merging of patches: written from the same network, read back to the same outputs.
    @Test func mmseg() throws {
        var shape = tiny
        shape.normalizedStages = [1, 2, 3, 4]
        let model = Swin(shape).eval()
        let map = try #require(model.keyMaps.first { $0.origin == .mmseg })
        let file = Dictionary(uniqueKeysWithValues: try map.inverted(model.stateDict()))
        #expect(file["stages.0.blocks.0.attn.w_msa.qkv.weight"] != nil && file["stages.2.blocks.1.ffn.layers.0.0.weight"] != nil)
        // Their columns: every channel's four places one after the other, row by row.
        let ours = try #require(model.stateDict().first { $0.0 == "layers.0.downsample.reduction.weight" }?.1)
        let theirs = try #require(file["stages.0.downsample.reduction.weight"])
        for (channel, row, column) in [(0, 0, 1), (3, 1, 0), (7, 1, 1)] {
            #expect(theirs[2, channel * 4 + row * 2 + column].item() == ours[2, (column * 2 + row) * 8 + channel].item())
        }
        let other = Swin(tiny).eval()
        try other.load(weights: file, from: "file")
        let image = formula("image", [1, 3, 70, 90])
        try assertClose(last(other, image), last(model, image), relative: 1e-6)
    }

    /// The authors' files carry tables of indices and masks.
    @Test func buffersOfOldFilesAreLeftOut() throws {
        let model = Swin(tiny, classes: 3)
        var file = Dictionary(uniqueKeysWithValues: model.stateDict())
        file["layers.1.blocks.1.attn_mask"] = Tensor.zeros([1])
        file["layers.1.blocks.1.attn.relative_position_index"] = Tensor.zeros([16, 16], dtype: .int64)
        try Swin(tiny, classes: 3).load(weights: file, from: "file")
        let report = try Swin(tiny).load(weights: file, from: "file")
        #expect(report.loaded == report.expected)
    }

    @Test func rows() throws {
        for name in ["swin-tiny", "timm:swin_tiny_patch4_window7_224.ms_in1k", "torchvision:swin_t"] {
            // As torchvision counts them.
            #expect(try withoutInitialization { try Models.backbone(name, classes: 1000).parameterCount } == 28_288_354)
        }
        #expect(try withoutInitialization { try Models.backbone("swin-base-384", classes: 1000).card.inputSize } == 384)
    }

    /// A file without a classifier, as timm writes it for features.
    @Test func parityWithoutClassifier() throws {
        let name = "timm:swin_tiny_patch4_window7_224"
        let model = try withoutInitialization { try Models.backbone(name) }
        let weights = model.stateDict().map { name, tensor in (name, Tensor.zeros(tensor.shape)) }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("swin-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        try Tensor.save(weights, to: file)
        let outputs = try ModelParity.run(name, weights: file, inputs: ["image": Tensor.zeros([1, 3, 32, 32])])
        #expect(outputs.map(\.0) == ["stage1", "stage2", "stage3", "stage4"])
    }

    @Test func earlyStop() throws {
        try checkEarlyStop(Swin(tiny).eval(), [1, 3, 64, 64])
    }

    @Test func bfloat16AndChannelsLast() throws {
        try checkMixedPrecision(Swin(tiny, classes: 5).eval(), [2, 3, 72, 96])
    }

    @Test func exported() throws {
        try checkExport("classifier", of: "swin")
        try checkExport("backbone", of: "swin")
    }

    @Test func badFiles() throws {
        let reference = try ZooCase("classifier", of: "swin")
        #expect(try reference.message { $0["window_size"] = 5 }?.contains("relative_position_bias_table: expected [81, 1]") == true)
        #expect(try reference.message { $0["embed_dim"] = 16 }?.contains("patch_embed.proj.weight") == true)
        #expect(try reference.message { $0["depths"] = [1, 2, 2] }?.contains("'depths' is [1, 2, 2]") == true)
        #expect(try reference.message { $0["num_heads"] = [3, 2, 2, 4] }?.contains("do not divide") == true)
        #expect(try reference.message { $0["num_channels"] = 4 }?.contains("4 channels") == true)
        #expect(try reference.message { $0["hidden_act"] = "mish" }?.contains("mish") == true)
    }

    private func last(_ model: Swin, _ image: Tensor) -> Tensor { withoutGradients { model.record(["stage4"], of: image)["stage4"]! } }
}
