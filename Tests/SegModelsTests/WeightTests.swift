import Foundation
import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct WeightTests {
    private func tensors(of model: Module, prefix: String = "") -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: model.stateDict().map { (prefix + $0.0, $0.1.detach().clone()) })
    }

    @Test func aWrongCheckpointIsRefusedByName() throws {
        let small = try Models.make("espnetv2-s0.5", classes: 20)
        let large = try Models.make("espnetv2-s1.0", classes: 20)
        let before = tensors(of: large)
        #expect { try large.load(weights: tensors(of: small), from: "small.pth") } throws: { error in
            guard let error = error as? LoadError else { return false }
            let first = error.mismatched.first { $0.name == "base_net.level1.conv.weight" }
            return first?.expected == [32, 3, 3, 3] && first?.found == [16, 3, 3, 3]
                && "\(error)".contains("small.pth does not fit the model")
        }
        for (name, tensor) in large.stateDict() { #expect(tensor.equals(before[name]!), "\(name) was changed") }
        #expect { try large.load(weights: tensors(of: ResNet(.d18, classes: 3)), from: "resnet18.pth") } throws: {
            ($0 as? LoadError)?.unexpected.contains { $0.hasSuffix("layer1.0.conv1.weight") } == true
        }
    }

    @Test func aNewHeadIsOnlyTakenWhenNamed() throws {
        let twenty = tensors(of: try Models.make("espnetv2-s0.5", classes: 20))
        let eleven = try Models.make("espnetv2-s0.5", classes: 11)
        #expect { try eleven.load(weights: twenty, from: "city") } throws: {
            ($0 as? LoadError)?.mismatched.map(\.name).sorted() == ["bu_dec_l4.merge_layer.3.bias", "bu_dec_l4.merge_layer.3.weight"]
        }
        let before = tensors(of: eleven)
        let report = try eleven.load(weights: twenty, from: "city", reinitialize: ["head"])
        #expect(report.initialized.sorted() == ["bu_dec_l4.merge_layer.3.bias", "bu_dec_l4.merge_layer.3.weight"])
        #expect(report.loaded == report.expected - 2)
        for (name, tensor) in eleven.stateDict() where tensor.dtype.isFloatingPoint {
            #expect(tensor.equals(report.initialized.contains(name) ? before[name]! : twenty[name]!), "\(name)")
        }
    }

    @Test func whatIsReinitializedStaysAsItWasEvenIfItFits() throws {
        let model = try Models.make("espnetv2-s0.5", classes: 11)
        let other = tensors(of: try Models.make("espnetv2-s0.5", classes: 11))
        let before = tensors(of: model)
        let report = try model.load(weights: other, from: "other", reinitialize: ["bu_dec_l4.*"])
        #expect(report.initialized.allSatisfy { $0.hasPrefix("bu_dec_l4.") } && !report.initialized.isEmpty)
        let name = "bu_dec_l4.merge_layer.3.weight"
        #expect(tensors(of: model)[name]!.equals(before[name]!))
    }

    @Test func wrappedNamesAreUnderstood() throws {
        let source = try Models.make("fcn-resnet18", classes: 3)
        for prefix in ["module.", "state_dict.module.", "model."] {
            let model = try Models.make("fcn-resnet18", classes: 3)
            let report = try model.load(weights: tensors(of: source, prefix: prefix), from: "wrapped")
            #expect(report.loaded == report.expected)
            #expect(tensors(of: model)["classifier.4.weight"]!.equals(tensors(of: source)["classifier.4.weight"]!))
        }
    }

    @Test(arguments: ["resnet18", "mobilenetv2", "efficientnet-lite0"])
    func aClassifiersFileFillsTheBackbone(name: String) throws {
        let classifiers = ["resnet18": "torchvision:resnet18", "mobilenetv2": "torchvision:mobilenet_v2"]
        let classifier = try Models.backbone(classifiers[name] ?? "timm:tf_efficientnet_lite0", classes: 10)
        let model = try Models.make("deeplabv3-\(name)", classes: 3)
        let file = tensors(of: classifier)
        #expect {
            try model.load(weights: file, from: "imagenet")
        } throws: { error in
            let text = "\(error)"
            return text.contains("imagenet holds a backbone alone") && text.contains("reinitialize: [head]")
        }
        // What lacks more than the head is another network's file.
        let torn = file.filter { !$0.key.contains("bn1") }
        #expect(throws: LoadError.self) { try model.load(weights: torn, from: "torn") }
        let report = try model.load(weights: file, from: "imagenet", reinitialize: ["head"])
        let isNew = { (name: String) in name.hasPrefix("classifier.") }
        #expect(report.initialized.allSatisfy(isNew))
        #expect(report.loaded == model.stateDict().filter { !isNew($0.0) }.count)
        for (name, tensor) in model.stateDict() where name.hasPrefix("backbone.") {
            #expect(tensor.equals(file[String(name.dropFirst("backbone.".count))]!), "\(name)")
        }
    }

    /// The declared patterns cover the tensors whose shapes change with the classes.
    /// An encoder says so when its maps are of other strides than where it was trained.
    @Test func changedStridesAreSaid() throws {
        let backbone = try Models.backbone("mobilenetv2-w0.35")
        #expect(try Models.make("segformer-mobilenetv2-w0.35", classes: 3).strideChange(from: backbone) == nil)
        let dilated = try Models.make("lraspp-mobilenetv2-w0.35", classes: 3).strideChange(from: backbone)
        #expect(dilated == "trained at strides 4, 8, 16, 32, used at 4, 8, 16, 16")
    }

    @Test(arguments: ["espnet", "espnet-c", "espnetv2-s0.5", "fcn-resnet18", "pspnet-resnet18", "deeplabv3-mobilenetv2", "lraspp-resnet18"])
    func classifierTensorsFollowTheClasses(name: String) throws {
        let options = ModelOptions(hasAuxiliaryHead: name == "fcn-resnet18")
        let five = try Models.make(name, classes: 5, options: options)
        let nine = tensors(of: try Models.make(name, classes: 9, options: options))
        for (tensor, value) in five.stateDict() {
            let depends = value.shape != nine[tensor]!.shape
            let isNamed = five.classifierTensors.contains { matches(tensor, $0) }
            if depends { #expect(isNamed, "\(tensor) depends on the classes") }
        }
        let report = try five.load(weights: nine, from: "nine", reinitialize: ["head"])
        #expect(report.loaded + report.initialized.count == report.expected)
    }
}
