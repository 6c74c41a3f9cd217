import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct ConvNeXtTests {
    private let tiny: ConvNeXt.Configuration = {
        var shape = ConvNeXt.Configuration()
        (shape.widths, shape.depths) = ([8, 12, 16, 24], [1, 2, 1, 1])
        return shape
    }()

    private var tinyV2: ConvNeXt.Configuration {
        var shape = tiny
        (shape.layerScale, shape.normalizesResponses) = (nil, true)
        return shape
    }

    @Test(arguments: ["classifier", "odd", "options", "backbone", "backbone-some", "v2", "v2-odd", "v2-backbone"])
    func folders(_ name: String) throws {
        try ZooCase(name, of: "convnext").checkParity()
    }

    @Test func training() throws {
        let reference = try ZooCase("train", of: "convnext")
        let model = try reference.model().train()
        try reference.check(model.record(reference.settings.taps, of: reference.image))
    }

    @Test func gradients() throws {
        try ZooCase("classifier", of: "convnext").checkGradients([
            "convnext.embeddings.patch_embeddings.weight": ["downsample_layers.0.0.weight"],
            "convnext.encoder.stages.1.layers.1.dwconv.weight": ["stages.1.1.dwconv.weight"],
            "convnext.encoder.stages.3.layers.0.layer_scale_parameter": ["stages.3.0.gamma"],
            "convnext.encoder.stages.2.layers.0.pwconv2.bias": ["stages.2.0.pwconv2.bias"],
        ])
        try ZooCase("v2", of: "convnext").checkGradients([
            "convnextv2.encoder.stages.1.layers.1.grn.weight": ["stages.1.1.grn.gamma"],
            "convnextv2.encoder.stages.3.layers.0.grn.bias": ["stages.3.0.grn.beta"],
        ])
    }

    @Test func timmAndTorchvision() throws {
        try ZooCase("timm", of: "convnext").checkWeights(of: ConvNeXt(tiny, classes: 5))
        try ZooCase("timm-v2", of: "convnext").checkWeights(of: ConvNeXt(tinyV2, classes: 5))
        try ZooCase("torchvision", of: "convnext").checkWeights(of: ConvNeXt(tiny, classes: 5), training: true)
    }

    @Test func mmseg() throws {
        var shape = tinyV2
        shape.normalizedStages = [1, 2, 3, 4]
        let model = ConvNeXt(shape).eval()
        let map = try #require(model.keyMaps.first { $0.origin == .mmseg })
        let file = Dictionary(uniqueKeysWithValues: try map.inverted(model.stateDict()))
        #expect(file["stages.1.1.depthwise_conv.weight"]?.shape == [12, 1, 7, 7] && file["norm3.weight"] != nil)
        #expect(file["stages.0.0.grn.weight"]?.shape == [32] && file["stages.0.0.pointwise_conv2.bias"]?.shape == [8])
        let other = ConvNeXt(tinyV2).eval()
        let report = try other.load(weights: file, from: "file")
        #expect(report.loaded == model.stateDict().count)
    }

    /// Parameters as torchvision and timm count them.
    @Test(arguments: [
        ("torchvision:convnext_tiny", 28_589_128), ("timm:convnext_base", 88_591_464), ("timm:convnextv2_atto", 3_708_400),
        ("convnextv2-tiny", 28_635_496),
    ])
    func rows(_ name: String, _ count: Int) throws {
        #expect(try withoutInitialization { try Models.backbone(name, classes: 1000).parameterCount } == count)
    }

    @Test func earlyStop() throws {
        try checkEarlyStop(ConvNeXt(tiny).eval(), [1, 3, 64, 64])
    }

    @Test func bfloat16AndChannelsLast() throws {
        try checkMixedPrecision(ConvNeXt(tiny, classes: 5).eval(), [2, 3, 72, 96])
        try checkMixedPrecision(ConvNeXt(tinyV2, classes: 5).eval(), [2, 3, 72, 96])
    }

    @Test(arguments: ["classifier", "backbone", "v2", "v2-backbone"])
    func exported(_ name: String) throws {
        try checkExport(name, of: "convnext")
    }

    @Test func badFiles() throws {
        let reference = try ZooCase("classifier", of: "convnext")
        #expect(try reference.message { $0["hidden_sizes"] = [8, 12, 16, 30] }?.contains("norm.weight") == true)
        #expect(try reference.message { $0["depths"] = [1, 0, 1, 2] }?.contains("'depths' is [1, 0, 1, 2]") == true)
        #expect(try reference.message { $0["layer_scale_init_value"] = 0 }?.contains("gamma") == true)
    }
}
