import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct MiTTests {
    private let tiny: MiT.Configuration = {
        var shape = MiT.Configuration()
        (shape.widths, shape.depths, shape.heads, shape.dropPath) = ([8, 12, 16, 24], [1, 2, 1, 2], [1, 2, 4, 3], 0)
        return shape
    }()

    @Test(arguments: ["classifier", "names-in-memory", "odd", "options"])
    func folders(_ name: String) throws {
        try ZooCase(name, of: "mit").checkParity()
    }

    @Test func training() throws {
        let reference = try ZooCase("train", of: "mit")
        let model = try reference.model().train()
        try reference.check(model.record(reference.settings.taps, of: reference.image))
    }

    @Test func gradients() throws {
        try ZooCase("classifier", of: "mit").checkGradients([
            "segformer.stages.0.patch_embeddings.proj.weight": ["patch_embed1.proj.weight"],
            "segformer.stages.1.blocks.1.attention.q_proj.weight": ["block2.1.attn.q.weight"],
            "segformer.stages.1.blocks.0.attention.k_proj.weight": ["block2.0.attn.kv.weight", "0", "12"],
            "segformer.stages.3.blocks.0.mlp.dwconv.dwconv.weight": ["block4.0.mlp.dwconv.dwconv.weight"],
            "segformer.stages.2.blocks.0.attention.sequence_reduction.sequence_reduction.weight": ["block3.0.attn.sr.weight"],
        ])
    }

    @Test func mmsegmentation() throws {
        var shape = tiny
        (shape.widths, shape.heads, shape.innerEps) = ([8, 16, 24, 32], [1, 2, 3, 4], 1e-6)
        try ZooCase("mit", of: "backbones_mmseg").checkWeights(of: MiT(shape))
    }

    /// Written in mmsegmentation's layout, read back: one matrix for query, key and value, 1×1 convolutions for linear layers.
    @Test func mmseg() throws {
        let model = MiT(tiny).eval()
        let map = try #require(model.keyMaps.first { $0.origin == .mmseg })
        let file = Dictionary(uniqueKeysWithValues: try map.inverted(model.stateDict()))
        #expect(file["layers.1.1.0.attn.attn.in_proj_weight"]?.shape == [36, 12])
        #expect(file["layers.2.1.0.ffn.layers.4.weight"]?.shape == [16, 64, 1, 1])
        #expect(file["layers.3.2.weight"]?.shape == [24] && file["layers.0.0.projection.bias"]?.shape == [8])
        let own = Dictionary(uniqueKeysWithValues: model.stateDict())
        let joined = try #require(file["layers.1.1.0.attn.attn.in_proj_weight"])
        try assertClose(joined[0..<12], #require(own["block2.0.attn.q.weight"]), relative: 0)
        let other = MiT(tiny).eval()
        try other.load(weights: file, from: "file")
        for (name, tensor) in other.stateDict() { try assertClose(tensor, #require(own[name]), relative: 0) }
    }

    /// Parameters without a classifier, as the authors' code has them.
    @Test(arguments: [("mit-b0", 3_319_392), ("mit-b1", 13_151_424), ("mit-b2", 24_196_288), ("mit-b5", 81_443_008)])
    func rows(_ name: String, _ count: Int) throws {
        #expect(try withoutInitialization { try Models.backbone(name).parameterCount } == count)
    }

    @Test func earlyStop() throws {
        try checkEarlyStop(MiT(tiny).eval(), [1, 3, 64, 64])
    }

    @Test func bfloat16AndChannelsLast() throws {
        try checkMixedPrecision(MiT(tiny, classes: 5).eval(), [2, 3, 72, 96])
    }

    @Test func exported() throws {
        try checkExport("classifier", of: "mit")
        try checkExport("odd", of: "mit")
    }

    @Test func badFiles() throws {
        let reference = try ZooCase("classifier", of: "mit")
        #expect(
            try reference.message { $0["hidden_sizes"] = [8, 12, 16, 30] }?.contains("patch_embed4.proj.weight: expected [30, 16, 3, 3]")
                == true)
        #expect(try reference.message { $0["sr_ratios"] = [8, 4, 2] }?.contains("'sr_ratios' is [8, 4, 2]") == true)
        #expect(try reference.message { $0["num_attention_heads"] = [3, 2, 4, 3] }?.contains("do not divide") == true)
        #expect(try reference.message { $0["architectures"] = ["SegformerDecodeHead"] }?.contains("SegformerDecodeHead") == true)
    }
}
