import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct HRNetTests {
    @Test func evaluation() throws {
        try ZooCase("w18-small", of: "hrnet").checkParity(as: "timm:hrnet_w18_small_v2")
    }

    /// The sums are made in place: the gradients of all branches show that nothing was changed that was still needed.
    @Test func gradients() throws {
        let names = ["conv1.weight", "stage3.1.fuse_layers.2.0.0.0.weight", "classifier.bias"]
        try checkBackbone("w18-small", of: "hrnet", Models.backbone("hrnet-w18-small", classes: 7), gradients: names.map { ($0, $0) })
    }

    /// Without a classifier the file's tensors for it are left out, and nothing else is.
    @Test func withoutClassifier() throws {
        let reference = try ZooCase("w18-small", of: "hrnet")
        let network = try Models.backbone("hrnet-w18-small")
        try network.load(weights: reference.weights, from: "fixture")
        let taps = (1...4).map { "stage\($0)" }
        try withTorchErrors {
            network.eval()
            let maps = try withoutGradients { try network.record(taps, of: reference.image) }
            for tap in taps { try reference.check(#require(maps[tap]), tap) }
        }
    }

    @Test func bfloat16() throws { try checkBFloat16(Models.backbone("hrnet-w18-small"), tap: "stage4") }

    /// Channels of the published widths.
    @Test(arguments: [("hrnet-w18", 18), ("hrnet-w48", 48)]) func widths(name: String, width: Int) throws {
        #expect(try Models.backbone(name).channels == [1, 2, 4, 8].map { $0 * width })
    }
}
