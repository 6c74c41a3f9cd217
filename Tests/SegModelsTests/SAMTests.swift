import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// SAM's encoder against transformers and timm (`scripts/reference/sam.py`).
@Suite struct SAMTests {
    @Test(arguments: ["model", "vision", "plain", "wide-window", "hq"])
    func foldersGiveTheSameTaps(name: String) throws { try ZooCase(name, of: "sam").checkParity() }

    /// timm's tiny networks: patches of 8 pixels, windows of 3, the second of three blocks global.
    private func small() -> SAM.Configuration {
        var shape = SAM.Configuration()
        (shape.imageSize, shape.patch, shape.width, shape.depth, shape.heads, shape.hidden) = (64, 8, 32, 3, 2, 128)
        (shape.globalBlocks, shape.window, shape.neck) = ([1], 3, 16)
        return shape
    }

    @Test func timmsFilesGiveTheSameTaps() throws {
        try checkBackbone("timm", of: "sam", SAM(small(), classes: 5))
        var neckless = small()
        (neckless.neck, neckless.hasPositions) = (nil, false)
        try checkBackbone("timm-neckless", of: "sam", SAM(neckless, classes: 5))
    }

    /// 88×40 pixels where positions are for 64×64: the absolute ones and those of the global block are interpolated.
    @Test func positionsOfAnotherSizeAreInterpolated() throws {
        let names = ["pos_embed", "blocks.1.attn.rel_pos_h", "blocks.1.attn.rel_pos_w", "blocks.0.attn.rel_pos_h"]
        try checkBackbone("timm-resized", of: "sam", SAM(small()), gradients: names.map { ($0, $0) })
    }

    @Test func gradientsAreTransformers() throws {
        try checkFolderGradients(
            "model", of: "sam",
            [
                ("vision_encoder.pos_embed", "pos_embed"), ("vision_encoder.layers.0.attn.rel_pos_h", "blocks.0.attn.rel_pos_h"),
                ("vision_encoder.layers.1.attn.rel_pos_w", "blocks.1.attn.rel_pos_w"),
                ("vision_encoder.layers.2.attn.qkv.bias", "blocks.2.attn.qkv.bias"), ("vision_encoder.neck.conv2.weight", "neck.2.weight"),
            ])
    }

    /// The authors' file: the whole of SAM, of which prompts and masks are left out.
    @Test func theAuthorsNamesAreUnderstood() throws {
        let weights = try ZooCase("timm-resized", of: "sam").weights
        var official = ["prompt_encoder.not_a_point_embed.weight": Tensor.zeros([1, 8]), "mask_decoder.iou_token.weight": .zeros([1, 8])]
        for (name, tensor) in weights {
            official["image_encoder." + name.replacing(".mlp.fc", with: ".mlp.lin")] = tensor
        }
        let model = SAM(small())
        #expect(try model.load(weights: official, from: "sam_vit_b.pth").loaded == weights.count)
        for (name, tensor) in model.stateDict() { #expect(tensor.equals(weights[name]!.float), "\(name)") }
    }

    @Test func aFileForImagesOfAnotherSizeFits() throws {
        var larger = small()
        larger.imageSize = 96
        let source = SAM(larger)
        let model = SAM(small())
        try model.load(weights: Dictionary(uniqueKeysWithValues: source.stateDict()), from: "larger")
        let image = formula("image", [1, 3, 96, 96])
        let (a, b) = withoutGradients { (source.record(["patches"], of: image), model.record(["patches"], of: image)) }
        #expect(a["patches"]!.equals(b["patches"]!))
    }

    @Test func wrongFilesAreRefusedByName() throws {
        var deeper = small()
        deeper.depth = 4
        #expect { try SAM(small()).load(weights: Dictionary(uniqueKeysWithValues: SAM(deeper).stateDict()), from: "deep.pth") } throws: {
            ($0 as? LoadError)?.unexpected.contains("blocks.3.attn.rel_pos_h") == true
        }
        var wider = small()
        (wider.width, wider.hidden) = (64, 256)
        #expect { try SAM(small()).load(weights: Dictionary(uniqueKeysWithValues: SAM(wider).stateDict()), from: "wide.pth") } throws: {
            ($0 as? LoadError)?.mismatched.contains { $0.name == "pos_embed" } == true
        }
    }

    @Test func wrongConfigurationsAreRefused() throws {
        #expect(try refusal(of: ZooCase("vision", of: "sam"), "num_attention_heads", 5).contains("num_attention_heads"))
        #expect(try refusal(of: ZooCase("vision", of: "sam"), "hidden_act", "laplace").contains("laplace"))
        #expect(try refusal(of: ZooCase("vision", of: "sam"), "window_size", "wide").contains("window_size"))
    }

    @Test func earlyTapsStopThePass() throws { try checkEarlyStop(SAM(small()), early: "block.0", late: "patches", size: [40, 72]) }

    @Test func bfloat16Runs() throws { try checkBFloat16(SAM(small(), classes: 5), tap: "patches") }

    /// Attention with distances by its definition, and in its three ways: in parts, in parts with gradients, and as longer vectors.
    @Test func distancesCountAsDefined() throws {
        try withTorchErrors {
            let (height, width, depth) = (5, 7, 4)
            let tokens = height * width
            func tensor(_ name: String, _ shape: [Int]) -> Tensor { formula(name, shape).requiringGradient }
            let (q, k, v) = (tensor("q", [2, 3, tokens, depth]), tensor("k", [2, 3, tokens, depth]), tensor("v", [2, 3, tokens, depth]))
            let (rows, columns) = (tensor("rows", [2 * height - 1, depth]), tensor("columns", [2 * width - 1, depth]))
            let places = (0..<tokens).map { ($0 / width, $0 % width) }
            let down = Tensor(places.flatMap { a in places.map { a.0 - $0.0 + height - 1 } })
            let right = Tensor(places.flatMap { a in places.map { a.1 - $0.1 + width - 1 } })
            let table = (rows.indexSelect(0, down) + columns.indexSelect(0, right)).view(tokens, tokens, depth)
            let bias = (q.unsqueeze(3) * table).sum(4)
            let scores = q.matmul(k.transpose(2, 3)) * (1 / Double(depth).squareRoot()) + bias
            let expected = scores.softmax(3).matmul(v).transpose(1, 2)
            let inputs = [q, k, v, rows, columns]
            let weight = formula("weight", expected.shape)
            let expectedGradients = gradients(of: [(expected * weight).sum()], for: inputs)
            func attend(_ most: Int) -> Tensor {
                GridAttention.attend(q, k, v, rows: rows, columns: columns, height: height, width: width, mostKept: most)
            }
            try assertClose(withoutGradients { attend(1 << 30) }, expected, relative: 1e-5)
            for most in [1 << 30, 0] {
                let result = attend(most)
                try assertClose(result, expected, relative: 1e-5)
                let found = gradients(of: [(result * weight).sum()], for: inputs)
                for (a, b) in zip(found, expectedGradients) { try assertClose(a, b, relative: 1e-4) }
            }
        }
    }

    @Test func folderIsWrittenAndReadBack() throws { try checkRoundTrip("vision", of: "sam") }

    /// As many parameters as timm's networks have without a classifier.
    @Test(arguments: [
        ("sam-base", 89_670_912), ("sam-large", 308_278_272), ("sam-huge", 637_026_048), ("sam-base-224", 85_688_064),
    ])
    func tableHasTheAuthorsSizes(name: String, parameters: Int) throws {
        #expect(try withoutInitialization { try Models.backbone(name).parameterCount } == parameters)
    }

    @Test func tapsAreAsDeclared() throws {
        let summary = try ModelSummary("timm:samvit_base_patch16", classes: 5, size: (224, 320))
        #expect(summary.taps.first { $0.name == "patches" }?.shape == [1, 280, 256])
        #expect(summary.taps.first { $0.name == "block.11" }?.shape == [1, 280, 768])
    }
}

extension Tensor {
    fileprivate var requiringGradient: Tensor {
        requiresGrad = true
        return self
    }
}
