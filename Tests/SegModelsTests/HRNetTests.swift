import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct HRNetTests {
    @Test(arguments: ["w18-small", "features"]) func files(_ name: String) throws {
        try ZooCase(name, of: "conv_hrnet").checkParity(as: "timm:hrnet_w18_small")
    }

    /// mmsegmentation's enlarge maps bilinearly; odd sizes twice.
    @Test(arguments: ["hrnet-w18-small-v2", "hrnet-w18-small-v2-odd"]) func mmseg(_ name: String) throws {
        try checkBackbone(name, of: "conv_mmseg", Models.backbone("hrnet-w18-small"))
    }

    @Test(arguments: [MemoryFormat.contiguous, .channelsLast]) func training(format: MemoryFormat) throws {
        let network = try Models.backbone("timm:hrnet_w18_small", classes: 7)
        let gradients = ["conv1.weight", "stage3.0.fuse_layers.2.0.0.0.weight", "classifier.bias"]
        let statistics = ["bn1.running_mean", "stage3.0.fuse_layers.2.0.1.1.running_var"]
        try checkTraining("train", of: "conv_hrnet", network, format: format, gradients: gradients, statistics: statistics)
    }

    /// The classifier enlarges by nearest pixels; what segments takes its weights without the classifier's blocks.
    @Test func aClassifiersFileFillsTheBackbone() throws {
        let reference = try ZooCase("w18-small", of: "conv_hrnet")
        let report = try Models.backbone("hrnet-w18-small-v1").load(weights: reference.weights, from: "timm")
        #expect(report.initialized.isEmpty && report.loaded > 300)
        let whole = try Models.backbone("hrnet-w18-small-v1", classes: 7)
        try whole.load(weights: reference.weights, from: "timm")
        try withTorchErrors {
            let logits = try withoutGradients { try whole.eval().record(["logits"], of: reference.image)["logits"] }
            try reference.check(#require(logits), "logits")
        }
    }

    @Test func stopsEarly() throws {
        let model = try Models.backbone("hrnet-w18-small-v1").eval()
        try withTorchErrors {
            let image = formula("image", [1, 3, 64, 96])
            try withoutGradients {
                let whole = model.record(["stage1", "stage4"], of: image)
                for (name, parameter) in model.namedParameters() where name.hasPrefix("stage4.0.fuse_layers.3.") {
                    parameter.setData(.zeros([1, 2, 3]))
                }
                let alone = model.record(["stage1"], of: image)
                try assertClose(#require(alone["stage1"]), #require(whole["stage1"]), relative: 0)
            }
        }
    }

    @Test func refusesOtherWeights() throws {
        let reference = try ZooCase("w18-small", of: "conv_hrnet")
        #expect { try Models.backbone("hrnet-w18").load(weights: reference.weights, from: "small") } throws: {
            "\($0)".contains("layer1.0.conv1.weight")
        }
    }

    @Test func bfloat16() throws { try checkBFloat16(Models.backbone("hrnet-w18-small-v1"), tap: "stage1") }

    /// The sizes of every row are the published ones: parameters of timm's networks, in thousands.
    @Test(arguments: [("w18-small-v1", 13187), ("w18-small", 15597), ("w18", 21299), ("w32", 41232), ("w48", 77469)])
    func parameters(_ name: String, thousands: Int) throws {
        let network = try withoutInitialization { try Models.backbone("hrnet-\(name)", classes: 1000) }
        #expect(network.namedParameters().map { $0.1.count }.reduce(0, +) / 1000 == thousands)
    }
}
