import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct ModelParityTests {
    private func file(_ model: Module) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString).safetensors")
        model.fillByFormula()
        try Tensor.save(model.stateDict(), to: url)
        return url
    }

    /// The number of classes is read off the file, the taps are the model's own.
    @Test(arguments: [("espnetv2-s0.5", 20), ("espnet", 5), ("espnet", 12), ("lraspp-mobilenetv2", 7)])
    func models(name: String, classes: Int) throws {
        let model = try Models.make(name, classes: classes)
        let url = try file(model)
        defer { try? FileManager.default.removeItem(at: url) }
        let image = formula("image", [1, 3, 64, 96])
        let outputs = try ModelParity.run(name, weights: url, inputs: ["image": image])
        #expect(Set(outputs.map(\.0)) == Set(model.tapChannels.keys))
        let logits = try #require(outputs.first { $0.0 == "logits" }).1
        #expect(logits.size(1) == classes)
        try assertClose(logits, withoutGradients { model.eval()(image).logits }, relative: 1e-6)
    }

    @Test func classifiers() throws {
        let fixture = try FixtureCase("mobilenet_v2")
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        let weights = try BackboneTests.weights(for: Models.backbone("torchvision:mobilenet_v2", classes: 7))
        try Tensor.save(weights.sorted { $0.key < $1.key }, to: url)
        let outputs = try ModelParity.run("torchvision:mobilenet_v2", weights: url, inputs: ["image": fixture.image()])
        #expect(outputs.map(\.0) == ["logits", "stage1", "stage2", "stage3", "stage4"])
        for (name, tensor) in outputs { try fixture.check(tensor, name) }
    }

    /// torchvision's file with its auxiliary head, scores at the image's size.
    @Test func segmenters() throws {
        let fixture = try FixtureCase("deeplabv3.resnet50")
        let url = try file(Models.make("deeplabv3-resnet50", classes: 5, options: .init(hasAuxiliaryHead: true)))
        defer { try? FileManager.default.removeItem(at: url) }
        let outputs = try ModelParity.run("torchvision:deeplabv3_resnet50", weights: url, inputs: ["image": fixture.image()])
        for (name, tensor) in outputs where name != "features" { try fixture.check(tensor, name) }
        #expect(outputs.count == 6)
    }

    @Test func badInputIsRefused() throws {
        let nowhere = URL(fileURLWithPath: "/nowhere.pth")
        #expect(throws: UserError.self) { _ = try ModelParity.run("espnet", weights: nowhere, inputs: [:]) }
        #expect { _ = try ModelParity.run("torchvision:fcn_resnet5", weights: nowhere, inputs: ["image": .zeros([1, 3, 8, 8])]) } throws: {
            "\($0)".contains("torchvision:fcn_resnet50")
        }
    }
}
