import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct VisionTransformerTests {
    /// Folders of transformers; images that are not square, and of other sizes than the positions.
    @Test(arguments: [
        "vit", "vit.classifier", "deit.teacher", "mae", "dinov2", "dinov2.gated", "dinov2.classifier", "dinov2.registers", "dinov3",
        "dinov3.gated", "clip", "siglip",
    ])
    func folders(name: String) throws { try ZooCase(name, of: "vit").checkParity() }

    @Test func gradients() throws {
        try checkFolderGradients("vit", of: "vit", [("embeddings.cls_token", "cls_token"), ("layernorm.weight", "norm.weight")])
        try checkFolderGradients(
            "dinov2", of: "vit",
            [("embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight"), ("layernorm.bias", "norm.bias")])
        try checkFolderGradients("dinov3", of: "vit", [("embeddings.register_tokens", "reg_token"), ("norm.weight", "norm.weight")])
    }

    private static func shape(_ change: (inout VisionTransformer.Configuration) -> Void) -> VisionTransformer.Configuration {
        var shape = VisionTransformer.Configuration()
        (shape.width, shape.depth, shape.heads, shape.hidden, shape.patch, shape.imageSize) = (32, 2, 2, 64, 8, 32)
        change(&shape)
        return shape
    }

    /// Bare files of timm and of the DINO authors, whose positions are resized as each of them does it.
    @Test func bareFiles() throws {
        try checkBackbone("timm.vit", of: "vit", VisionTransformer(Self.shape { _ in }, classes: 5))
        let deit = Self.shape { ($0.hasDistillationToken, $0.positions) = (true, .init(prefix: 2)) }
        try checkBackbone("timm.deit", of: "vit", VisionTransformer(deit, classes: 5))
        let registers = Self.shape { ($0.registers, $0.layerScale) = (4, 1) }
        try checkBackbone("timm.registers", of: "vit", VisionTransformer(registers))
        try checkBackbone("official.dinov2", of: "vit", VisionTransformer(Self.shape { $0.layerScale = 1 }))
    }

    @Test func eva02() throws {
        func eva(isNormed: Bool, classes: Int?) -> VisionTransformer {
            let shape = Self.shape {
                ($0.mlp, $0.activation, $0.pooling) = (.gated(isNormed: isNormed), .silu, .mean)
                $0.rotary = .index(theta: 10_000, reference: 16)
            }
            return VisionTransformer(shape, classes: classes)
        }
        try checkBackbone("timm.eva02", of: "vit", eva(isNormed: true, classes: 5))
        try checkBackbone("timm.eva02.fused", of: "vit", eva(isNormed: false, classes: nil))
    }

    @Test func earlyTapsStopThePass() throws {
        try checkEarlyStop(VisionTransformer(Self.shape { _ in }), early: "block.0", late: "block.1", size: [24, 40])
    }

    @Test func imagesOfBrokenPatchesAreRefused() throws {
        let model = VisionTransformer(Self.shape { _ in })
        #expect(throws: Never.self) { try model.checkSize(height: 24, width: 40) }
        #expect {
            try model.checkSize(height: 30, width: 40)
        } throws: {
            "\($0)".contains("30×40") && "\($0)".contains("32×40")
        }
        #expect(throws: UserError.self) { try model.checkSize(height: 4, width: 40) }
    }

    @Test func configurationsThatDoNotFitAreRefused() throws {
        let vit = try ZooCase("vit", of: "vit")
        #expect(try refusal(of: vit, "num_attention_heads", 5).contains("5 attention heads do not divide 24"))
        #expect(try refusal(of: vit, "hidden_act", "mish").contains("'mish'"))
        #expect(try refusal(of: vit, "num_channels", 4).contains("4 channels"))
        #expect(try refusal(of: vit, "patch_size", "eight").contains("patch_size"))
        #expect(try refusal(of: vit, "num_hidden_layers", 3).contains("blocks.2.norm1.weight"))
        #expect(try refusal(of: vit, "architectures", ["ViTForMaskedImageModeling"]).contains("ViTForMaskedImageModeling"))
        #expect(try refusal(of: vit, "image_size", 4).contains("no patch of 8"))
    }

    /// Branches that are left out while training come from LibTorch's generator, and none is left out in eval.
    @Test func stochasticDepthIsSeeded() throws {
        try withTorchErrors {
            let model = VisionTransformer(Self.shape { $0.dropPath = 0.9 })
            let image = formula("image", [2, 3, 32, 32])
            func pass() -> Tensor { model.record(["patches"], of: image)["patches"]!.detach() }
            TorchRandom.seed(1)
            let first = pass()
            let second = pass()
            TorchRandom.seed(1)
            try assertClose(pass(), first, relative: 0)
            #expect(!compare(second, first).isClose)
            model.eval()
            try assertClose(pass(), pass(), relative: 0)
        }
    }

    /// bfloat16 by autocast stays near float32.
    @Test func autocast() throws {
        try withTorchErrors {
            let model = VisionTransformer(Self.shape { $0.rotary = .centered(theta: 100) })
            model.fillByFormula()
            model.eval()
            let image = formula("image", [1, 3, 32, 48])
            let exact = withoutGradients { model.record(["patches"], of: image)["patches"]! }
            let rounded = withoutGradients { withAutocast(.bfloat16, on: .cpu) { model.record(["patches"], of: image)["patches"]! } }
            try assertClose(rounded.float, exact, relative: 0.05)
        }
    }
}
