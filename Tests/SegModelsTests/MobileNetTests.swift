import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct MobileNetTests {
    @Test(
        arguments: ["mobilenetv2_050", "mobilenetv3_small_050", "mobilenetv3_large_100", "tf_efficientnet_lite1", "tf_efficientnet_lite3"])
    func timm(_ name: String) throws { try ZooCase(name, of: "conv_mobile").checkParity(as: "timm:\(name)") }

    @Test(arguments: ["large", "small"]) func torchvision(_ size: String) throws {
        try ZooCase(size, of: "conv_mobile").checkParity(as: "torchvision:mobilenet_v3_\(size)")
    }

    /// At stride 16, as torchvision's DeepLabV3 has it.
    @Test func dilated() throws {
        try checkBackbone("large-dilated", of: "conv_mobile", MobileNet(.v3(isLarge: true), outputStride: 16, classes: 7))
    }

    /// With the auxiliary head that torchvision's DeepLabV3 has on the map that LR-ASPP reads.
    @Test(arguments: ["lraspp", "deeplabv3"]) func segmentersOfTorchvision(_ head: String) throws {
        try ZooCase(head, of: "conv_mobile").checkParity(as: "torchvision:\(head)_mobilenet_v3_large")
    }

    /// It is loaded where the model has one, or left out by name.
    @Test func auxiliaryHead() throws {
        let weights = try ZooCase("deeplabv3", of: "conv_mobile").weights
        let name = "torchvision:deeplabv3_mobilenet_v3_large"
        try Models.make(name, classes: 6, options: .init(hasAuxiliaryHead: true)).load(weights: weights, from: "deeplabv3")
        let model = try Models.make(name, classes: 6)
        #expect(throws: LoadError.self) { try model.load(weights: weights, from: "deeplabv3") }
        let report = try model.load(weights: weights, from: "deeplabv3", discard: ["aux_classifier.*"])
        #expect(report.initialized.isEmpty)
        #expect(!report.ignored.isEmpty && report.ignored.allSatisfy { $0.hasPrefix("aux_classifier.") })
    }

    @Test(arguments: [MemoryFormat.contiguous, .channelsLast]) func training(format: MemoryFormat) throws {
        var shape = MobileNet.Configuration.v3(isLarge: false, width: 0.5)
        (shape.eps, shape.momentum, shape.dropout) = (1e-5, 0.1, 0)
        try checkTraining(
            "train", of: "conv_mobile", MobileNet(shape, classes: 7), format: format,
            gradients: ["conv_stem.weight", "blocks.2.0.se.conv_reduce.weight", "blocks.5.0.conv.weight", "classifier.bias"],
            statistics: ["bn1.running_mean", "blocks.5.0.bn1.running_var"])
    }

    /// The sizes of every row are the published ones: parameters of timm's networks, in thousands.
    @Test(
        arguments: [
            ("mobilenetv2_035", 1677), ("mobilenetv2_075", 2636), ("mobilenetv2_140", 6108), ("mobilenetv3_small_075", 2041),
            ("mobilenetv3_small_100", 2542), ("tf_efficientnet_lite0", 4652), ("tf_efficientnet_lite2", 6092),
            ("tf_efficientnet_lite4", 13006),
        ])
    func parameters(_ name: String, thousands: Int) throws {
        let network = try withoutInitialization { try Models.backbone("timm:\(name)", classes: 1000) }
        #expect(network.namedParameters().map { $0.1.count }.reduce(0, +) / 1000 == thousands)
    }

    @Test func refusesOtherWeights() throws {
        let reference = try ZooCase("small", of: "conv_mobile")
        #expect { try Models.backbone("mobilenetv3-large").load(weights: reference.weights, from: "small") } throws: {
            "\($0)".contains("blocks.1.0.conv_pw.weight")
        }
    }

    @Test(arguments: ["mobilenetv3-small", "efficientnet-lite0", "mobilenetv2"]) func bfloat16(_ name: String) throws {
        try checkBFloat16(Models.backbone(name), tap: "stage3")
    }
}
