import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Tokens made by formula, as `scripts/reference/heads_dpt.py` makes them: a plain vision transformer without weights.
final class FormulaTokens: Backbone, TokenBackbone {
    let depth = 4
    let patchSize = 16
    let prefixTokens: Int

    init(registers: Int = 0) {
        prefixTokens = 1 + registers
        super.init(channels: [24, 24, 24, 24], strides: [16, 16, 16, 16])
    }

    func tokens(_ image: Tensor, blocks: [Int], normed: Bool, taps: inout Taps) -> [Tensor] {
        blocks.map { block in
            let tokens = formula("block\(block)", [2, 13, 24])
            // Registers stand between the class token and the patches.
            let registers = Tensor.full([2, prefixTokens - 1, 24], 9)
            return .concatenate([tokens[.all, 0..<1], registers, tokens[.all, 1...]], 1)
        }
    }
}

@Suite struct DPTHeadTests {
    private func model(_ name: String, registers: Int = 0) -> EncoderDecoder {
        var options = DPTHead.Options()
        options.readout = DPTHead.Readout(rawValue: name) ?? .project
        options.widths = [8, 10, 12, 14]
        options.fusionWidth = 16
        options.dropout = 0
        if name == "norm.train" { (options.hasNorm, options.hasBias) = (true, false) }
        if name == "index" { (options.widths, options.factors, options.index) = ([8, 12, 14], [2, 1, 0.25], 1) }
        let card = ModelCard(name: name, sizeMultiple: 16, classes: 5, license: "", source: "")
        let head = DPTHead(24, classes: 5, blocks: Array(options.widths.indices), options: options)
        return EncoderDecoder(card, FormulaTokens(registers: registers), head: head)
    }

    @Test("transformers' neck and head", arguments: ["project", "add", "ignore", "index"], [0, 2])
    func evaluation(name: String, registers: Int) throws {
        try withTorchErrors {
            let zoo = try ZooCase("head.\(name)", of: "heads_dpt")
            let model = model(name, registers: registers)
            try model.load(weights: zoo.weights, from: name)
            let taps = withoutGradients { model.eval().record(["features", "logits"], of: .zeros([2, 3, 48, 64])) }
            for tap in zoo.settings.taps { try zoo.check(try #require(taps[tap]), tap, relative: 1e-5) }
            if name != "index" { #expect(model.tapStrides["features"] == 2 && model.tapStrides["logits"] == 1) }
        }
    }

    @Test func training() throws {
        try withTorchErrors {
            let zoo = try ZooCase("head.norm.train", of: "heads_dpt")
            let model = model("norm.train")
            try model.load(weights: zoo.weights, from: zoo.name)
            var taps = Taps(["features", "logits"])
            _ = model.forward(.zeros([2, 3, 48, 64]), taps: &taps)
            for tap in zoo.settings.taps { try zoo.check(try #require(taps[tap]), tap) }
            backwardAgainstCotangent([taps["features"]!, taps["logits"]!])
            let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters())
            let names = [
                "readouts.0.weight": "neck.reassemble_stage.readout_projects.0.0.weight",
                "reassemble.0.resize.weight": "neck.reassemble_stage.layers.0.resize.weight",
                "fusions.2.projection.weight": "neck.fusion_stage.layers.2.projection.weight",
            ]
            for (own, theirs) in names { try zoo.check(try #require(parameters["classifier.\(own)"]?.grad), "grad.\(theirs)") }
            for (name, parameter) in parameters { #expect(parameter.grad != nil, "\(name) has no gradient") }
        }
    }

    @Test("transformers' folders", arguments: ["dpt.project", "dpt.add", "dpt.norm", "dpt.three"])
    func folders(name: String) throws {
        try ZooCase(name, of: "heads_dpt").checkParity()
    }

    @Test func trainingOfAFolder() throws {
        try withTorchErrors {
            let zoo = try ZooCase("dpt.train", of: "heads_dpt")
            let model = try #require(try zoo.withFiles { try ModelFolder($0).load() } as? EncoderDecoder)
            model.to(dtype: .float32).train()
            for parameter in model.parameters() { parameter.requiresGrad = true }
            var taps = Taps(zoo.settings.taps)
            let image = try zoo.image
            image.requiresGrad = true
            _ = model.forward(image, taps: &taps)
            for tap in zoo.settings.taps { try zoo.check(try #require(taps[tap]), tap) }
            backwardAgainstCotangent(zoo.settings.taps.map { taps[$0]! })
            try zoo.check(try #require(image.grad), "grad.image")
            let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters())
            let theirs = "neck.reassemble_stage.readout_projects.0.0.weight"
            try zoo.check(try #require(parameters["classifier.readouts.0.weight"]?.grad), "grad.\(theirs)")
        }
    }

    @Test func export() throws {
        let zoo = try ZooCase("dpt.three", of: "heads_dpt")
        try zoo.withFiles { folder in
            let copy = folder.appendingPathComponent("copy")
            try ModelFolder.write(ModelFolder(folder).load(), to: copy)
            let outputs = try ModelParity.run(nil, weights: copy, inputs: ["image": zoo.image])
            for (tap, tensor) in outputs where zoo.settings.taps.contains(tap) { try zoo.check(tensor, tap) }
            #expect(outputs.contains { $0.0 == "logits" })
        }
    }

    @Test func badConfigurationsAreRefused() throws {
        func refusal(_ change: (inout [String: Any]) -> Void) throws -> String {
            let zoo = try ZooCase("dpt.project", of: "heads_dpt")
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
        #expect(try refusal { $0["is_hybrid"] = true }.contains("a hybrid of convolutions and transformer"))
        #expect(try refusal { $0["readout_type"] = "mean" }.contains("readout_type is 'mean'"))
        #expect(try refusal { $0["backbone_out_indices"] = [0, 1, 2, 9] }.contains("backbone_out_indices is [0, 1, 2, 9]"))
        #expect(try refusal { $0["neck_hidden_sizes"] = [8, 10] }.contains("neck_hidden_sizes [8, 10]"))
        #expect(try refusal { $0["reassemble_factors"] = [4, 2, 1.5, 0.5] }.contains("factors are whole numbers or parts of 1"))
        #expect(try refusal { $0["head_in_index"] = 4 }.contains("head_in_index is 4"))
        #expect(try refusal { $0["architectures"] = ["DPTForDepthEstimation"] }.contains("'DPTForDepthEstimation'"))
        #expect(try refusal { $0["backbone_config"] = ["hidden_size": 32] }.contains("'backbone_config' 32"))
    }
}
