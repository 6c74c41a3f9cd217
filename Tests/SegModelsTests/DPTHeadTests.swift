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
}
