import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct SAM2Tests {
    private static let fixture = Result { try Fixture("sam2", in: .module) }

    @Test("transformers' masks of boxes and points", arguments: ["boxes", "stable", "single", "points", "both"])
    func parity(name: String) throws {
        let zoo = try ZooCase(name, of: "sam2")
        var inputs = ["image": try zoo.image]
        for key in ["boxes", "points", "labels"] { inputs[key] = try Self.fixture.get().tensors["\(name).\(key)"] }
        let found = Dictionary(uniqueKeysWithValues: try zoo.withFiles { try ModelParity.run(nil, weights: $0, inputs: inputs) })
        for tap in zoo.settings.taps { try zoo.check(found[tap]!, tap, relative: 1e-4) }
    }

    @Test("the folder of the network for videos, and prompts in parts")
    func video() throws {
        let zoo = try ZooCase("boxes", of: "sam2")
        try zoo.withFiles { folder in
            var weights = zoo.weights
            let ofVideos = [
                "memory_attention.layer_norm.weight", "object_pointer_proj.proj_in.bias", "no_memory_positional_encoding",
                "mask_downsample.bias",
                "occlusion_spatial_embedding_parameter", "no_object_pointer", "temporal_positional_encoding_projection_layer.bias",
            ]
            for name in ofVideos { weights[name] = .zeros([3]) }
            try Tensor.save(weights.sorted { $0.key < $1.key }, to: folder.appendingPathComponent("model.safetensors"))
            let config = try #require(zoo.settings.config).replacingOccurrences(
                of: "\"model_type\": \"sam2\"", with: "\"model_type\": \"sam2_video\"")
            try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
            let model = try SAM2.load(folder)
            let boxes = try Self.fixture.get()["boxes.boxes"][0]
            try withoutGradients {
                let maps = model.embed(try zoo.image)
                let found = [1, 7, 100].map { model.masks(maps, boxes_K4: boxes, batch: $0).logits }
                try zoo.check(found[0], "pred_masks")
                for other in found.dropFirst() { try assertClose(other, found[0], relative: 1e-5) }
            }
        }
    }

    /// As transformers 4.56 and 4.57 save it.
    @Test("a folder that holds the waves of image and prompts once")
    func sharedWaves() throws {
        let zoo = try ZooCase("boxes", of: "sam2")
        let (kept, left) = ("shared_image_embedding.positional_embedding", "prompt_encoder.shared_embedding.positional_embedding")
        try zoo.withFiles { folder in
            var weights = zoo.weights
            #expect(weights.removeValue(forKey: left) != nil)
            try Tensor.save(weights.sorted { $0.key < $1.key }, to: folder.appendingPathComponent("model.safetensors"))
            let own = Dictionary(uniqueKeysWithValues: try SAM2.load(folder).stateDict())
            for name in [kept, left] { try assertClose(#require(own[name]), #require(weights[kept]).float, relative: 0, name) }
        }
    }

    @Test("files and configurations that do not fit are refused by name")
    func refused() throws {
        let zoo = try ZooCase("boxes", of: "sam2")
        try zoo.withFiles { folder in
            var weights = zoo.weights
            weights["mask_decoder.transformer.layers.1.self_attn.q_proj.bias"] = nil
            weights["mask_decoder.extra"] = .zeros([3])
            try Tensor.save(weights.sorted { $0.key < $1.key }, to: folder.appendingPathComponent("model.safetensors"))
            let error = #expect(throws: LoadError.self) { try SAM2.load(folder) }
            #expect(error?.missing == ["mask_decoder.transformer.layers.1.self_attn.query.bias"])
            #expect(error?.unexpected == ["mask_decoder.extra"])
        }
        let config = try #require(zoo.settings.config)
        for (from, to, word) in [
            ("\"model_type\": \"sam2\"", "\"model_type\": \"sam\"", "'sam'"), ("\"patch_size\": 16", "\"patch_size\": 8", "patches of 8"),
            ("\"num_feature_levels\": 3", "\"num_feature_levels\": 2", "2 maps"),
            ("\"attention_downsample_rate\": 2", "\"attention_downsample_rate\": 3", "attention_downsample_rate 3"),
        ] {
            let changed = config.replacingOccurrences(of: from, with: to)
            #expect(changed != config, "\(from)")
            try zoo.withFiles { folder in
                try Data(changed.utf8).write(to: folder.appendingPathComponent("config.json"))
                let error = #expect(throws: UserError.self, "\(to)") { try SAM2.load(folder) }
                #expect("\(try #require(error))".contains(word))
            }
        }
    }
}
