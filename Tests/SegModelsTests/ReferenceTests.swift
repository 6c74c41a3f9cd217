import Foundation
import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

/// The published weights give the outputs that their authors' code gives.
@Suite(.enabled(if: sharedWeights != nil, "needs ../shared/weights beside the repository"))
struct ReferenceTests {
    private let weights = sharedWeights ?? URL(fileURLWithPath: "/")

    private func reference() throws -> [String: Tensor] {
        try Tensor.load(weights.appendingPathComponent("reference/reference.safetensors"))
    }

    private func check(_ model: SegmentationModel, _ file: String, _ name: String) throws {
        try withTorchErrors {
            let expected = try reference()
            let report = try model.load(weights: weights.appendingPathComponent(file))
            #expect(report.initialized.isEmpty && report.ignored.isEmpty)
            model.eval()
            let image = try #require(expected["\(name).input"])
            for format in [MemoryFormat.contiguous, .channelsLast] {
                model.to(format: format)
                let logits = withoutGradients { model(image.contiguous(format)).logits }
                let every8th = logits[.all, .all, Span.stride(by: 8), Span.stride(by: 8)]
                try assertClose(every8th, try #require(expected["\(name).logits_stride8"]), "\(name) \(format)")
                let differing = (logits.argmax(1)[0].to(.uint8) .!= (try #require(expected["\(name).argmax"]))).long.sum().item()
                // Two classes within rounding of each other may swap.
                #expect(differing <= 2, "\(name) \(format): \(differing) pixels have another class")
            }
        }
    }

    @Test func espnetv2() throws {
        try check(
            Models.make("espnetv2-s2.0", classes: 20), "edgenets/espnetv2/espnetv2_s_2.0_city_1024x512.safetensors", "espnetv2_s2_city")
    }

    @Test func espnet() throws {
        try check(Models.make("espnet-camvid", classes: 12), "espnet/decoder/espnet_p_2_q_8_camvid.safetensors", "espnet_camvid")
    }

    @Test func efficientNetLite0() throws {
        try withTorchErrors {
            let expected = try reference()
            let backbone = try Models.backbone("timm:tf_efficientnet_lite0", classes: 1000)
            let file = "efficientnet-lite0/efficientnet-lite0-57934424.safetensors"
            try backbone.load(weights: Tensor.load(weights.appendingPathComponent(file)), from: file)
            backbone.eval()
            var taps = Taps(["stage2", "stage3", "stage4", "logits"])
            let image = try #require(expected["lite0.input"])
            withoutGradients { _ = backbone.forward(image, taps: &taps) }
            let names = ["stage2": "block4_s8", "stage3": "block10_s16", "stage4": "block15_s32", "logits": "logits"]
            for (tap, name) in names {
                try assertClose(try #require(taps[tap]), try #require(expected["lite0.\(name)"]), tap)
            }
        }
    }

    /// Every published file of the families fits, and the legacy `.pth` holds what its safetensors twin does.
    @Test(
        arguments: [
            ("espnet", 20, "espnet/decoder/espnet_p_2_q_8"), ("espnet-q5", 20, "espnet/decoder/espnet_p_2_q_5"),
            ("espnet-q3", 20, "espnet/decoder/espnet_p_2_q_3"), ("espnet-camvid", 12, "espnet/decoder/espnet_p_2_q_8_camvid"),
            ("espnet-c", 20, "espnet/encoder/espnet_p_2_q_8"),
            ("espnetv2-s0.5", 20, "edgenets/espnetv2/espnetv2_s_0.5_city_1024x512"),
            ("espnetv2-s1.0", 20, "edgenets/espnetv2/espnetv2_s_1.0_city_1024x512"),
            ("espnetv2-s2.0", 20, "edgenets/espnetv2/espnetv2_s_2.0_city_1024x512"),
            ("espnetv2-s2.0", 21, "edgenets/espnetv2/espnetv2_s_2.0_pascal_384x384"),
        ])
    func everyFileFits(name: String, classes: Int, file: String) throws {
        let legacy = try Models.make(name, classes: classes)
        let report = try legacy.load(weights: weights.appendingPathComponent(file + ".pth"))
        #expect(report.initialized.isEmpty && report.ignored.isEmpty && report.loaded > 100)
        let twin = weights.appendingPathComponent(file + ".safetensors")
        guard FileManager.default.fileExists(atPath: twin.path) else { return }
        let other = try Models.make(name, classes: classes)
        try other.load(weights: twin)
        for ((name, a), (_, b)) in zip(legacy.stateDict(), other.stateDict()) { #expect(a.equals(b), "\(name)") }
    }

    /// ESPNet takes its encoder from a file of ESPNet-C.
    @Test func espnetStartsFromItsEncoder() throws {
        let model = try Models.make("espnet", classes: 11)
        let report = try model.load(weights: weights.appendingPathComponent("espnet/encoder/espnet_p_2_q_8.pth"), reinitialize: ["head"])
        #expect(report.initialized.allSatisfy { !$0.hasPrefix("encoder.level") && !$0.hasPrefix("encoder.b") })
    }
}
