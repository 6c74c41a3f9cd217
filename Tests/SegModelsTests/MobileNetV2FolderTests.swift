import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct MobileNetV2FolderTests {
    @Test(arguments: ["classifier", "odd", "dilated8", "options", "segmenter"]) func folders(_ name: String) throws {
        try ZooCase(name, of: "conv_mobilenetv2").checkParity()
    }

    @Test(arguments: ["classifier", "options", "odd", "segmenter"]) func writtenAgain(_ name: String) throws {
        try checkRoundTrip(name, of: "conv_mobilenetv2")
    }

    @Test func gradients() throws {
        try checkFolderGradients(
            "classifier", of: "conv_mobilenetv2",
            [
                ("mobilenet_v2.conv_stem.first_conv.convolution.weight", "conv_stem.weight"),
                ("mobilenet_v2.layer.3.conv_3x3.convolution.weight", "blocks.2.1.conv_dw.weight"),
            ])
    }

    /// Batch statistics, and the running statistics after one pass, which follow the batch almost at once.
    @Test func trainingOfAFolder() throws {
        let reference = try ZooCase("train", of: "conv_mobilenetv2")
        try reference.withFiles { folder in
            try withTorchErrors {
                let model = try ModelFolder(folder).load().to(dtype: .float32).train()
                let taps = try model.record(reference.settings.taps, of: reference.image)
                for tap in reference.settings.taps { try reference.check(#require(taps[tap]), tap) }
                let buffers = Dictionary(uniqueKeysWithValues: model.namedBuffers())
                try reference.check(#require(buffers["blocks.2.1.bn2.running_mean"]), "after.layer.3.conv_3x3.normalization.running_mean")
            }
        }
    }

    @Test func refusesOtherValues() throws {
        let reference = try ZooCase("classifier", of: "conv_mobilenetv2")
        #expect(try refusal(of: reference, "output_stride", 12).contains("output_stride is 12"))
        #expect(try refusal(of: reference, "hidden_act", "mish").contains("mish"))
        #expect(try refusal(of: reference, "depth_multiplier", -1).contains("depth_multiplier"))
        #expect(try refusal(of: reference, "num_channels", 1).contains("colour"))
    }
}
