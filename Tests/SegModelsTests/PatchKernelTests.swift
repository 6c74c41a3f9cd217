import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct PatchKernelTests {
    private static func network(patch: Int, resizes: Bool = true) -> VisionTransformer {
        var shape = VisionTransformer.Configuration()
        (shape.width, shape.depth, shape.heads, shape.hidden, shape.patch, shape.imageSize) = (2, 1, 1, 4, patch, 2 * patch)
        shape.resizesPatches = resizes
        return VisionTransformer(shape)
    }

    private static func file(patch: Int) -> [String: Tensor] {
        let published = network(patch: patch)
        published.fillByFormula()
        var tensors = Dictionary(uniqueKeysWithValues: published.stateDict())
        tensors["patch_embed.proj.weight"] = formula("kernel", [2, 3, patch, patch])
        return tensors
    }

    /// As timm resizes them.
    @Test(arguments: [(14, 16), (16, 14), (16, 8), (6, 16)]) func resized(published: Int, wanted: Int) throws {
        try withTorchErrors {
            let network = Self.network(patch: wanted)
            try network.load(weights: Self.file(patch: published), from: "test")
            let fixture = try Fixture("patch_kernels", in: .module)
            try assertClose(network.patchEmbed, fixture["\(published).\(wanted)"], relative: 1e-5)
        }
    }

    /// A larger kernel sees in an enlarged patch what the given one sees in the patch.
    @Test func answersAlike() throws {
        try withTorchErrors {
            let (small, large) = (Self.network(patch: 14), Self.network(patch: 16))
            let file = Self.file(patch: 14)
            for network in [small, large] { try network.load(weights: file, from: "test") }
            let patch = formula("patch", [3, 3, 14, 14])
            let enlarged = F.bicubicAntialiased(patch, [16, 16])
            let (expected, found) = (F.conv2d(patch, small.patchEmbed), F.conv2d(enlarged, large.patchEmbed))
            try assertClose(found, expected, relative: 1e-4)
        }
    }

    /// Their own size is not touched, and another only where it was asked for.
    @Test func onlyWhenAsked() throws {
        let file = Self.file(patch: 14)
        let same = Self.network(patch: 14)
        try same.load(weights: file, from: "test")
        try assertClose(same.patchEmbed, file["patch_embed.proj.weight"]!, relative: 0)
        #expect {
            try Self.network(patch: 16, resizes: false).load(weights: file, from: "test")
        } throws: {
            "\($0)".contains("patch_embed.proj.weight")
        }
    }

    /// As an option of every model on a plain vision transformer, and of no other.
    @Test func chosenByName() throws {
        let backbone = try Models.backbone("timm:vit_tiny_patch16_224", patchSize: 14)
        #expect(backbone.strides == [14, 14, 14, 14])
        #expect(backbone.card.patchSize == 14 && backbone.card.sizeMultiple == 14 && backbone.card.inputSize == 196)
        try backbone.load(weights: Dictionary(uniqueKeysWithValues: Models.backbone("vit-tiny-patch16").stateDict()), from: "test")
        for name in ["linear-vit-tiny-patch16", "dpt-mask2former-small-vit-tiny-patch16"] where Models.names.contains(name) {
            let model = try Models.make(name, classes: 3, options: .init(patchSize: 8))
            #expect(model.tapStrides["stage4"] == 8)
            let whole = try Models.make(name, classes: 3)
            try model.load(weights: Dictionary(uniqueKeysWithValues: whole.stateDict()), from: "test")
        }
        for name in ["fcn-resnet18", "espnetv2-s0.5", "mask2former-small-swin-tiny"] {
            #expect {
                try Models.make(name, classes: 3, options: .init(patchSize: 8))
            } throws: {
                "\($0)".contains("patchSize")
            }
        }
        #expect(throws: (any Error).self) { try Models.backbone("sam-base-224", patchSize: 14) }
    }
}

extension VisionTransformer {
    fileprivate var patchEmbed: Tensor { Dictionary(uniqueKeysWithValues: stateDict())["patch_embed.proj.weight"]! }
}
