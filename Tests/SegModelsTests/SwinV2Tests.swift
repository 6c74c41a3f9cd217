import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct SwinV2Tests {
    private let tiny: Swin.Configuration = {
        var shape = Swin.Configuration(width: 8, depths: [1, 2, 2, 2], heads: 1, window: 4)
        shape.heads = [1, 2, 2, 4]
        (shape.isV2, shape.shift) = (true, .bySide)
        return shape
    }()

    @Test(arguments: ["classifier", "backbone"])
    func folders(_ name: String) throws {
        try ZooCase(name, of: "swinv2").checkParity()
        try checkExport(name, of: "swinv2")
    }

    @Test func gradients() throws {
        let layers = "swinv2.encoder.layers"
        try ZooCase("classifier", of: "swinv2").checkGradients([
            "\(layers).1.blocks.1.attention.self.logit_scale": ["layers.1.blocks.1.attn.logit_scale"],
            "\(layers).2.blocks.0.attention.self.query.bias": ["layers.2.blocks.0.attn.q_bias"],
            "\(layers).0.blocks.0.attention.self.continuous_position_bias_mlp.0.weight": ["layers.0.blocks.0.attn.cpb_mlp.0.weight"],
        ])
    }

    @Test func timm() throws {
        var shape = tiny
        (shape.shiftsBeforePadding, shape.shrinksWindows) = (true, true)
        try ZooCase("timm", of: "swinv2").checkWeights(of: Swin(shape, classes: 5))
        shape.window = 8
        try ZooCase("timm-small", of: "swinv2").checkWeights(of: Swin(shape, classes: 5))
    }

    /// Its bias for keys, which it sets to zero, and its tables are left out.
    @Test func torchvision() throws {
        var shape = tiny
        shape.padsPatches = false
        try ZooCase("torchvision", of: "swinv2").checkWeights(of: Swin(shape, classes: 5))
    }

    /// Parameters as timm counts them.
    @Test(arguments: [
        ("swinv2-tiny", 28_347_154), ("torchvision:swin_v2_t", 28_347_154), ("timm:swinv2_base_window16_256.ms_in1k", 87_918_816),
    ])
    func rows(_ name: String, _ count: Int) throws {
        #expect(try withoutInitialization { try Models.backbone(name, classes: 1000).parameterCount } == count)
    }

    @Test func bfloat16AndChannelsLast() throws {
        // Norms after each branch make much of little: fresh weights would leave nothing but rounding.
        let model = try ZooCase("classifier", of: "swinv2").model()
        try checkMixedPrecision(#require(model as? Swin), [2, 3, 64, 96])
    }

    @Test func badFiles() throws {
        let reference = try ZooCase("classifier", of: "swinv2")
        #expect(
            try reference.message { $0["pretrained_window_sizes"] = [4, 4] }?.contains("'pretrained_window_sizes' has not four") == true)
        #expect(try reference.message { $0["qkv_bias"] = false }?.contains("q_bias") == true)
    }
}
