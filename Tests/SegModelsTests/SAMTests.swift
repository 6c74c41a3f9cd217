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

    /// Attention with and without gradients takes different ways to the same values, for a grid in many parts too.
    @Test func gradientsDoNotChangeTheValues() throws {
        let model = SAM(small())
        for parameter in model.parameters() { withoutGradients { _ = parameter.copy_(formula("p", parameter.shape) * 0.2) } }
        let image = formula("image", [1, 3, 264, 320])
        let frozen = withoutGradients { model.record(["patches"], of: image)["patches"]! }
        try assertClose(model.record(["patches"], of: image)["patches"]!, frozen, relative: 1e-4)
        // 64 · 64 tokens and 16 heads: more scores than are kept for gradients.
        var many = small()
        (many.depth, many.heads, many.globalBlocks, many.hasPositions) = (1, 16, [0], false)
        let wide = SAM(many)
        for parameter in wide.parameters() { withoutGradients { _ = parameter.copy_(formula("p", parameter.shape) * 0.2) } }
        let large = formula("image", [1, 3, 512, 512])
        let short = withoutGradients { wide.record(["patches"], of: large)["patches"]! }
        try assertClose(wide.record(["patches"], of: large)["patches"]!, short, relative: 1e-4)
    }

    @Test func folderIsWrittenAndReadBack() throws { try checkRoundTrip("vision", of: "sam") }

    @Test(arguments: ["sam-base", "sam-large", "sam-huge", "sam-base-224"]) func tableBuilds(name: String) throws {
        let summary = try ModelSummary(name, classes: 5, size: (224, 320))
        #expect(summary.taps.contains { $0.name == "patches" && $0.shape == [1, 280, name.hasSuffix("224") ? 768 : 256] })
    }
}
