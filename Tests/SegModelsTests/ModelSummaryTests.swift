import SegModels
import SegTesting
import Support
import Testing
import Torch

@Suite struct ModelSummaryTests {
    /// PyTorch's own count.
    @Test(arguments: [("resnet18", 224, 224), ("resnet50", 160, 96), ("mobilenetv2", 224, 224)])
    func operations(name: String, height: Int, width: Int) throws {
        let summary = try ModelSummary(name, classes: 0, size: (height, width))
        let expected = try Fixture("operations", in: .module)["\(name).\(height)x\(width)"].array(of: Int.self)
        #expect([summary.operations] == expected)
    }

    @Test func parametersAndShapes() throws {
        let summary = try ModelSummary("deeplabv3-resnet50", classes: 21, size: (64, 96))
        // torchvision's deeplabv3_resnet50 without its auxiliary head.
        #expect(summary.parameters == 39_638_869)
        let shapes = Dictionary(uniqueKeysWithValues: summary.taps.map { ($0.name, $0.shape) })
        #expect(shapes["logits"] == [1, 21, 8, 12])
        #expect(shapes["stage4"] == [1, 2048, 8, 12])
    }

    /// DINOv2's patches of 14 do not divide 512.
    @Test func withoutASizeItIsOneThatTheNetworkTakes() throws {
        let summary = try ModelSummary("linear-dinov2-small", classes: 5)
        let logits = try #require(summary.taps.first { $0.name == "logits" })
        #expect(logits.shape == [1, 5, 37, 37])
    }

    @Test func unknownNamesAreRefusedWithTheNearest() {
        #expect { _ = try ModelSummary("resnet19", classes: 5) } throws: { "\($0)".contains("resnet1") }
    }
}
