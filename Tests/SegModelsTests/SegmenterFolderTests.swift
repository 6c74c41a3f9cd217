import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Whole segmentation networks of transformers, opened from their folders.
@Suite struct SegmenterFolderTests {
    @Test(arguments: [
        "segformer", "segformer.odd", "upernet.swin", "upernet.swin.odd", "upernet.convnext", "upernet.resnet", "upernet.dinov2",
        "upernet.registers",
    ])
    func evaluation(name: String) throws {
        try ZooCase(name, of: "heads").checkParity()
    }

    /// Names as transformers 5 writes them into files, which are not those that it has in memory.
    @Test func namesInFiles() throws {
        try withTorchErrors {
            let zoo = try ZooCase("segformer", of: "heads")
            try zoo.withFiles { folder in
                let weights = zoo.weights.map { name, tensor in
                    (name.replacingOccurrences(of: "decode_head.linear_projections.", with: "decode_head.linear_c."), tensor)
                }
                try Tensor.save(weights, to: folder.appendingPathComponent("model.safetensors"))
                let outputs = try ModelParity.run(nil, weights: folder, inputs: ["image": zoo.image])
                try zoo.check(try #require(outputs.first { $0.0 == "logits" }).1, "logits")
            }
        }
    }

    @Test func trainingOfSegFormer() throws {
        try withTorchErrors {
            let zoo = try ZooCase("segformer.train", of: "heads")
            let model = try #require(try zoo.withFiles { try ModelFolder($0).load() } as? EncoderDecoder)
            model.to(dtype: .float32)
            model.train()
            for parameter in model.parameters() { parameter.requiresGrad = true }
            var taps = Taps(zoo.settings.taps)
            let image = try zoo.image
            image.requiresGrad = true
            _ = model.forward(image, taps: &taps)
            for tap in zoo.settings.taps { try zoo.check(try #require(taps[tap]), tap) }
            backwardAgainstCotangent(zoo.settings.taps.map { taps[$0]! })
            try zoo.check(try #require(image.grad), "grad.image")
            let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters())
            let names = [
                "linear_fuse.conv.weight": "linear_fuse.weight", "linear_c4.proj.weight": "linear_projections.3.proj.weight",
                "linear_c1.proj.weight": "linear_projections.0.proj.weight",
            ]
            for (own, theirs) in names {
                try zoo.check(try #require(parameters["classifier.\(own)"]?.grad), "grad.decode_head.\(theirs)")
            }
        }
    }

    /// What is written as a folder gives the same scores again.
    @Test(arguments: ["segformer", "upernet.swin", "upernet.convnext", "upernet.resnet", "upernet.dinov2"]) func export(name: String) throws
    {
        try withTorchErrors {
            let zoo = try ZooCase(name, of: "heads")
            try zoo.withFiles { folder in
                let model = try ModelFolder(folder).load()
                let copy = folder.appendingPathComponent("copy")
                try ModelFolder.write(model, to: copy)
                let outputs = try ModelParity.run(nil, weights: copy, inputs: ["image": zoo.image])
                for (tap, tensor) in outputs where zoo.settings.taps.contains(tap) { try zoo.check(tensor, tap) }
                #expect(outputs.contains { $0.0 == "logits" })
            }
        }
    }

    private func refusal(_ name: String, _ file: String = "heads", _ change: (inout [String: Any]) -> Void) throws -> String {
        let zoo = try ZooCase(name, of: file)
        var config = try #require(try JSONSerialization.jsonObject(with: Data(zoo.settings.config!.utf8)) as? [String: Any])
        change(&config)
        return try zoo.withFiles { folder in
            try JSONSerialization.data(withJSONObject: config).write(to: folder.appendingPathComponent("config.json"))
            do {
                _ = try ModelFolder(folder).load()
                return "loaded"
            } catch let error as any UserFacingError {
                return "\(error)"
            }
        }
    }

    @Test func otherArchitecturesAreRefused() throws {
        let beit = try refusal("segformer") { config in
            config["model_type"] = "beit"
            config["architectures"] = ["BeitForSemanticSegmentation"]
        }
        #expect(beit.contains("config.json: model_type is 'beit', which this package does not have"))
        #expect(beit.contains("It has: ") && beit.contains("segformer, "))
        let other = try refusal("segformer") { $0["architectures"] = ["SegformerForDepthEstimation"] }
        #expect(other.contains("'SegformerForDepthEstimation' is an architecture that this package does not have"))
        #expect(other.contains("Of segformer it has: ") && other.contains("SegformerForSemanticSegmentation"))
    }

    @Test func badConfigurationsAreRefused() throws {
        #expect(try refusal("segformer") { $0["hidden_sizes"] = [8, 16] }.contains("hidden_sizes"))
        #expect(try refusal("segformer") { $0["decoder_hidden_size"] = 24 }.contains("classifier.linear_c1.proj.weight: expected [24, 8]"))
        #expect(try refusal("segformer") { $0["num_channels"] = 4 }.contains("4 channels"))
        #expect(
            try refusal("upernet.swin") { config in
                var inner = config["backbone_config"] as! [String: Any]
                inner["model_type"] = "focalnet"
                config["backbone_config"] = inner
            }.contains("'focalnet' is a backbone that this package does not have"))
        #expect(
            try refusal("upernet.swin") { config in
                var inner = config["backbone_config"] as! [String: Any]
                inner["out_features"] = ["stage4"]
                config["backbone_config"] = inner
            }.contains("does not name all four stages"))
        #expect(
            try refusal("upernet.dinov2") { config in
                var inner = config["backbone_config"] as! [String: Any]
                inner["out_features"] = ["stage1", "stage2"]
                config["backbone_config"] = inner
            }.contains("Expected four of stage1 to stage5"))
        #expect(try refusal("upernet.swin") { $0["backbone_config"] = NSNull() }.contains("backbone_config"))
        #expect(try refusal("upernet.swin") { $0["auxiliary_in_channels"] = 7 }.contains("auxiliary_in_channels is 7"))
        #expect(try refusal("upernet.swin") { $0["auxiliary_num_convs"] = 0 }.contains("auxiliary_num_convs is 0"))
    }
}
