import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct HeadTests {
    /// Puts a head under the name `head`, as the script does.
    final class Holder: Module {
        let head: Module
        init(_ head: Module) { self.head = head }
    }

    private func filled<Head: Module>(_ head: Head) -> Head {
        Holder(head).fillByFormula()
        return head
    }

    @Test func fcn() throws {
        try withTorchErrors {
            let head = filled(FCN(32, classes: 5, stage: 0)).eval()
            try FixtureCase("head.fcn").check(head([formula("features", [2, 32, 9, 7])]).logits, "logits")
        }
    }

    @Test func deepLabV3() throws {
        try withTorchErrors {
            let head = filled(DeepLabV3(32, classes: 5, rates: [2, 4, 6])).eval()
            let map = formula("features", [2, 32, 9, 7])
            let fixture = try FixtureCase("head.deeplabv3")
            for format in [MemoryFormat.contiguous, .channelsLast] {
                let output = head([map, map, map, map.contiguous(format)])
                try fixture.check(output.logits, "logits")
                #expect(output.features.isContiguous(format))
            }
        }
    }

    @Test func lraspp() throws {
        try withTorchErrors {
            let head = filled(LRASPP(low: 16, high: 32, classes: 5, width: 24)).eval()
            let (low, high) = (formula("low", [2, 16, 12, 16]), formula("high", [2, 32, 6, 8]))
            let output = head([low, low, high, high])
            // torchvision resizes the scores to the image; the case's are at the shallow map's size.
            try FixtureCase("head.lraspp").check(output.logits, "logits")
        }
    }

    private func card(_ classes: Int) -> ModelCard {
        ModelCard(name: "test", sizeMultiple: 8, classes: classes, license: "", source: "")
    }

    @Test(arguments: ["fcn.resnet18", "deeplabv3.resnet18", "deeplabv3.resnet50"])
    func wholeNetworks(name: String) throws {
        try withTorchErrors {
            let fixture = try FixtureCase(name)
            let isDeep = name == "deeplabv3.resnet50"
            let backbone = isDeep ? ResNet(.d50, outputStride: 8) : ResNet(.d18)
            let channels = backbone.channels[3]
            let head: any SegmentationHead =
                name == "fcn.resnet18" ? FCN(channels, classes: 5) : DeepLabV3(channels, classes: 5, rates: [12, 24, 36])
            let model = EncoderDecoder(
                card(5), backbone, head: head, auxiliary: isDeep ? FCN(backbone.channels[2], classes: 5, stage: 2) : nil)
            model.fillByFormula()
            model.eval()
            let image = try fixture.image()
            var taps = Taps((1...4).map { "stage\($0)" })
            let output = withoutGradients { model.forward(image, taps: &taps) }
            try fixture.check(taps)
            try fixture.check(output.logits, "head")
            try fixture.check(model.resize(output.logits, to: Array(image.shape.suffix(2))), "logits")
            #expect(output.auxiliary == nil, "the auxiliary head is for training only")
            if let auxiliary = model.auxClassifier {
                let stages = (1...4).compactMap { taps["stage\($0)"] }
                let logits = withoutGradients { auxiliary(stages).logits }
                try fixture.check(model.resize(logits, to: Array(image.shape.suffix(2))), "aux")
            }
        }
    }
}
