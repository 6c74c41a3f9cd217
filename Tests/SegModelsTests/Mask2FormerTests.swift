import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct Mask2FormerTests {
    private func load(_ zoo: ZooCase) throws -> VisionModel { try zoo.withFiles { try ModelFolder($0).load().to(dtype: .float32) } }

    @Test(
        "transformers' networks", arguments: ["post-norm", "pre-norm", "widths", "model", "resnet", "dinov2", "dinov2.last", "registers"])
    func parity(name: String) throws { try ZooCase(name, of: "mask2former").checkParity() }

    @Test("every layer's predictions, and the gradients of all")
    func training() throws {
        try withTorchErrors {
            let zoo = try ZooCase("post-norm.train", of: "mask2former")
            let model = try #require(try load(zoo) as? Mask2Former)
            model.train()
            let image = try zoo.image
            image.requiresGrad = true
            let found = model.predictions(image, hasAuxiliary: true)
            #expect(found.auxiliary.count == 3)
            var outputs = ["class.logits": found.classLogits, "mask.logits": found.maskLogits, "logits": found.semantic]
            for (index, layer) in found.auxiliary.enumerated() {
                outputs["aux\(index).class"] = layer.classLogits
                outputs["aux\(index).mask"] = layer.maskLogits
            }
            // The maps below take part in the sum that the fixture's gradients belong to.
            let below = ["stage4", "pixel.features"]
            var taps = Taps(below)
            let again = model.forward(image, taps: &taps)
            try assertClose(again.logits, found.semantic, relative: 1e-6)
            for (name, tensor) in outputs { try zoo.check(tensor, name) }
            backwardAgainstCotangent(below.map { taps[$0]! } + outputs.values)
            try zoo.check(try #require(image.grad), "grad.image", relative: 2e-4)
            let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters())
            let pixels = "model.pixel_level_module.decoder"
            let names = [
                "backbone.patch_embed.proj.weight": "model.pixel_level_module.encoder.swin.embeddings.patch_embeddings.projection.weight",
                "pixel_decoder.transformer.encoder.layers.0.self_attn.sampling_offsets.weight":
                    "\(pixels).encoder.layers.0.self_attn.sampling_offsets.weight",
                "pixel_decoder.transformer.encoder.layers.0.self_attn.attention_weights.bias":
                    "\(pixels).encoder.layers.0.self_attn.attention_weights.bias",
                "pixel_decoder.transformer.level_embed": "\(pixels).level_embed",
                "predictor.query_feat.weight": "model.transformer_module.queries_features.weight",
            ]
            for (own, theirs) in names { try zoo.check(try #require(parameters[own]?.grad), "grad.\(theirs)", relative: 2e-4) }
            let query = try #require(parameters["predictor.transformer_self_attention_layers.0.self_attn.in_proj_weight"]?.grad)
            try zoo.check(query[0..<32], "grad.model.transformer_module.decoder.layers.0.self_attn.q_proj.weight", relative: 2e-4)
            for (name, parameter) in parameters { #expect(parameter.grad != nil, "\(name) has no gradient") }
        }
    }

    @Test("a pass for taps ends with the deepest")
    func taps() throws {
        try withTorchErrors {
            let zoo = try ZooCase("post-norm", of: "mask2former")
            let model = try load(zoo)
            try withoutGradients {
                let image = try zoo.image
                let all = model.record(model.tapChannels.keys, of: image)
                #expect(Set(all.tensors.keys) == Set(model.tapChannels.keys))
                var least = 0
                for name in ["stage2", "stage4", "pixel.features", "mask.logits"] {
                    var one: Taps?
                    let operations = OperationCount.of { one = model.record([name], of: image) }
                    try assertClose(try #require(one?[name]), all[name]!, relative: 1e-6)
                    #expect(operations > least, "\(name)")
                    least = operations
                }
                for (name, tensor) in all.tensors where name != "class.logits" {
                    #expect(tensor.size(1) == model.tapChannels[name], "\(name)")
                    if tensor.dimensions == 4 { #expect(image.size(3) / tensor.size(3) == model.tapStrides[name], "\(name)") }
                }
            }
        }
    }

    @Test("autocast and channels-last images")
    func types() throws {
        try withTorchErrors {
            let zoo = try ZooCase("post-norm", of: "mask2former")
            let model = try load(zoo)
            try withoutGradients {
                let image = try zoo.image
                let taps = model.record(["mask.logits", "pixel.features"], of: image.contiguous(.channelsLast))
                for name in taps.requested { try zoo.check(taps[name]!, name) }
                let half = withAutocast(.bfloat16, on: .cpu) { model.record(["pixel.features"], of: image)["pixel.features"]! }
                try zoo.check(half.float, "pixel.features", relative: 0.05)
            }
        }
    }

    @Test("written as a folder and read again")
    func export() throws {
        try withTorchErrors {
            for name in ["pre-norm", "widths", "model", "resnet", "dinov2", "dinov2.last"] {
                let zoo = try ZooCase(name, of: "mask2former")
                let model = try load(zoo)
                let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mask2former-\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: folder) }
                try ModelFolder.write(model, to: folder)
                let again = try ModelFolder(folder).load()
                let image = try zoo.image
                let found = withoutGradients { [model, again].map { $0.record(["mask.logits"], of: image)["mask.logits"]! } }
                try assertClose(found[1], found[0], relative: 1e-7, name)
            }
        }
    }

    @Test("the authors' names")
    func official() throws {
        try withTorchErrors {
            let model = try Models.make("mask2former-small-resnet18", classes: 3)
            let rules = [
                ("backbone.conv1.", "backbone.stem.conv1."), ("backbone.bn1.", "backbone.stem.conv1.norm."),
                (".downsample.0.", ".shortcut."), (".downsample.1.", ".shortcut.norm."), (".bn1.", ".conv1.norm."),
                (".bn2.", ".conv2.norm."),
            ]
            var file: [String: Tensor] = ["criterion.empty_weight": .ones([4])]
            for (index, (name, tensor)) in model.stateDict().enumerated() {
                var theirs = name.hasPrefix("backbone.") ? name : "sem_seg_head.\(name)"
                for (own, other) in rules where theirs.contains(own) { theirs = theirs.replacingOccurrences(of: own, with: other) }
                for stage in 1...4 {
                    theirs = theirs.replacingOccurrences(of: "backbone.layer\(stage).", with: "backbone.res\(stage + 1).")
                }
                file[theirs] = .full(tensor.shape, Double(index))
            }
            let report = try model.load(weights: file, from: "file")
            #expect(report.loaded == report.expected)
            for (index, (name, tensor)) in model.stateDict().enumerated() {
                #expect(tensor.amin().item() == Double(index) && tensor.amax().item() == Double(index), "\(name)")
            }
        }
    }

    @Test("rows of the table: sizes, and what may be chosen")
    func rows() throws {
        try withTorchErrors {
            let model = try Models.make("mask2former-small-swin-tiny", classes: 4, options: .init(headChannels: 64)).eval()
            let logits = withoutGradients { model(formula("image", [1, 3, 64, 96]).float).logits }
            #expect(logits.shape == [1, 4, 16, 24])
            #expect(model.card.classes == 4)
            #expect(throws: UserError.self) { try Models.make("mask2former-swin-tiny", classes: 4, options: .init(outputStride: 8)) }
            #expect(throws: UserError.self) { try Models.make("mask2former-swin-tiny", classes: 4, options: .init(headChannels: 40)) }
        }
    }

    @Test("configurations that cannot be")
    func refused() throws {
        let zoo = try ZooCase("post-norm", of: "mask2former")
        let config = try #require(zoo.settings.config)
        for (from, to, word) in [
            ("\"feature_size\": 32", "\"feature_size\": 40", "feature_size"), ("\"hidden_dim\": 32", "\"hidden_dim\": 30", "hidden_dim"),
            ("\"common_stride\": 4", "\"common_stride\": 16", "common_stride"),
            ("\"decoder_layers\": 5", "\"decoder_layers\": 0", "decoder_layers"),
            ("\"activation_function\": \"relu\"", "\"activation_function\": \"mish\"", "mish"), ("\"swin\"", "\"nothing\"", "nothing"),
        ] {
            let changed = config.replacingOccurrences(of: from, with: to)
            #expect(changed != config, "\(from)")
            try zoo.withFiles { folder in
                try Data(changed.utf8).write(to: folder.appendingPathComponent("config.json"))
                let error = #expect(throws: UserError.self, "\(to)") { try ModelFolder(folder).load() }
                #expect("\(try #require(error))".contains(word))
            }
        }
    }

    @Test("backbones that it cannot stand on")
    func backbones() throws {
        func refusal(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> String {
            let zoo = try ZooCase(name, of: "mask2former")
            var config = try #require(try JSONSerialization.jsonObject(with: Data(zoo.settings.config!.utf8)) as? [String: Any])
            var inner = try #require(config["backbone_config"] as? [String: Any])
            change(&inner)
            config["backbone_config"] = inner
            return try zoo.withFiles { folder in
                try JSONSerialization.data(withJSONObject: config).write(to: folder.appendingPathComponent("config.json"))
                return "\(try #require(#expect(throws: UserError.self) { try ModelFolder(folder).load() }))"
            }
        }
        let three = try refusal("resnet") { $0["out_features"] = ["stage2", "stage3", "stage4"] }
        #expect(three.contains("does not name all four stages"))
        let few = try refusal("dinov2") { $0["out_features"] = ["stage2", "stage4", "stage6"] }
        #expect(few.contains("Expected four of stage1 to stage6"))
        let deep = try refusal("dinov2") {
            $0["out_features"] = nil
            $0["out_indices"] = [4, 5, 6, 7]
        }
        #expect(deep.contains("\"stage7\"") && deep.contains("Expected four of stage1 to stage6"))
        #expect(try refusal("dinov2") { $0["reshape_hidden_states"] = false }.contains("'reshape_hidden_states' is false"))
        #expect(try refusal("dinov2") { $0["model_type"] = "vit" }.contains("'vit' is a backbone that this package does not have"))
    }

    /// The last blocks, counted from the end, are those named.
    @Test("blocks by their indices")
    func indices() throws {
        try withTorchErrors {
            let zoo = try ZooCase("dinov2.last", of: "mask2former")
            var config = try #require(try JSONSerialization.jsonObject(with: Data(zoo.settings.config!.utf8)) as? [String: Any])
            var inner = try #require(config["backbone_config"] as? [String: Any])
            (inner["out_features"], inner["out_indices"]) = (nil, [-4, -3, 5, 6])
            config["backbone_config"] = inner
            try zoo.withFiles { folder in
                try JSONSerialization.data(withJSONObject: config).write(to: folder.appendingPathComponent("config.json"))
                let model = try ModelFolder(folder).load()
                let masks = try withoutGradients { model.to(dtype: .float32).record(["mask.logits"], of: try zoo.image)["mask.logits"]! }
                try zoo.check(masks, "mask.logits")
            }
        }
    }

    @Test("a file that lacks a tensor is refused by name")
    func incomplete() throws {
        let zoo = try ZooCase("model", of: "mask2former")
        try zoo.withFiles { folder in
            var weights = zoo.weights
            weights["pixel_level_module.decoder.level_embed"] = nil
            try Tensor.save(weights.sorted { $0.key < $1.key }, to: folder.appendingPathComponent("model.safetensors"))
            let error = #expect(throws: LoadError.self) { try ModelFolder(folder).load() }
            #expect(error?.missing == ["pixel_decoder.transformer.level_embed"])
        }
    }

    @Test("on the neck of a dense prediction transformer")
    func neck() throws {
        try withTorchErrors {
            let neck = DPTPixelDecoder(24, blocks: [0, 1, 2, 3], widths: [8, 10, 12, 14], width: 32)
            var options = QueryDecoder.Options()
            (options.width, options.heads, options.queries, options.layers, options.hidden) = (32, 4, 6, 4, 16)
            let card = ModelCard(name: "neck", sizeMultiple: 16, classes: 5, license: "", source: "")
            let model = Mask2Former(card, FormulaTokens(registers: 1), neck, options: options)
            let image = Tensor.zeros([2, 3, 48, 64])
            let found = model.predictions(image, hasAuxiliary: true)
            // A grid of 3×4 patches; the finest map is eight times as large.
            #expect(found.maskLogits.shape == [2, 6, 24, 32])
            #expect(found.auxiliary.count == 4)
            #expect(model.tapStrides["mask.logits"] == 2)
            let all = [found.final] + found.auxiliary
            backwardAgainstCotangent(all.flatMap { [$0.classLogits, $0.maskLogits] })
            for (name, parameter) in model.namedParameters() { #expect(parameter.grad != nil, "\(name) has no gradient") }
        }
    }
}
