import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct ResNetTests {
    @Test(arguments: ["classifier", "odd", "basic", "early"]) func folders(_ name: String) throws {
        try ZooCase(name, of: "conv_resnet").checkParity()
    }

    @Test(arguments: ["classifier", "basic", "odd"]) func writtenAgain(_ name: String) throws {
        try checkRoundTrip(name, of: "conv_resnet")
    }

    @Test(arguments: [("timm-50c", "timm:resnet50c"), ("timm-18d", "timm:resnet18d"), ("timm-18", "timm:resnet18")])
    func files(_ name: String, of model: String) throws {
        try ZooCase(name, of: "conv_resnet").checkParity(as: model)
    }

    @Test(arguments: [("18-v1c", 32), ("18-v1c-dilated", 8), ("50-v1c-dilated", 8), ("50-v1d", 32)])
    func mmseg(_ name: String, outputStride: Int) throws {
        let model = "resnet" + name.replacing("-dilated", with: "")
        let network = try Models.make("fcn-\(model)", classes: 3, options: .init(outputStride: outputStride))
        let backbone = try #require((network as? EncoderDecoder)?.backbone)
        try checkBackbone(name, of: "conv_resnet_mmseg", backbone)
    }

    @Test func gradients() throws {
        try checkFolderGradients(
            "classifier", of: "conv_resnet",
            [
                ("resnet.embedder.embedder.convolution.weight", "conv1.weight"),
                ("resnet.encoder.stages.1.layers.0.shortcut.convolution.weight", "layer2.0.downsample.0.weight"),
            ])
    }

    /// Batch statistics, and the running statistics after one pass.
    @Test func training() throws {
        let reference = try ZooCase("train", of: "conv_resnet")
        try reference.withFiles { folder in
            try withTorchErrors {
                let model = try ModelFolder(folder).load().to(dtype: .float32).train()
                let taps = try model.record(reference.settings.taps, of: reference.image)
                for tap in reference.settings.taps { try reference.check(#require(taps[tap]), tap) }
                let buffers = Dictionary(uniqueKeysWithValues: model.namedBuffers())
                try reference.check(#require(buffers["bn1.running_mean"]), "after.embedder.embedder.normalization.running_mean")
                try reference.check(
                    #require(buffers["layer4.1.bn3.running_var"]), "after.encoder.stages.3.layers.1.layer.2.normalization.running_var")
            }
        }
    }

    @Test func refusesOtherValues() throws {
        let reference = try ZooCase("classifier", of: "conv_resnet")
        #expect(try refusal(of: reference, "layer_type", "wide").contains("layer_type"))
        #expect(try refusal(of: reference, "hidden_sizes", [8, 8]).contains("hidden_sizes"))
    }

    @Test func bfloat16() throws { try checkBFloat16(Models.backbone("resnet18-v1c"), tap: "stage4") }
}
