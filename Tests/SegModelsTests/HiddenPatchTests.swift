import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

/// What a network does not get to see.
@Suite struct HiddenPatchTests {
    private func transformer(_ change: (inout VisionTransformer.Configuration) -> Void = { _ in }) throws -> VisionTransformer {
        var shape = VisionTransformer.Configuration()
        (shape.width, shape.depth, shape.heads, shape.hidden, shape.patch, shape.imageSize) = (12, 2, 3, 24, 4, 16)
        (shape.registers, shape.hasDistillationToken) = (2, true)
        shape.positions = .init(prefix: 2)
        change(&shape)
        let model = try withTorchErrors { VisionTransformer(shape) }
        model.fillByFormula()
        return model.eval()
    }

    /// Patches 1 and 5 of 2×3, of the first of two images.
    private var mask: Tensor {
        let mask = Tensor.zeros([2, 2, 3], dtype: .bool)
        mask[0, 0, 1].fill_(1)
        mask[0, 1, 2].fill_(1)
        return mask
    }
    private let image = formula("image", [2, 3, 8, 12])

    /// The tokens are those of another image whose hidden patches show something else; what is not hidden is seen as it is.
    @Test func aTransformerSeesTheTokenInThePatchsPlace() throws {
        let model = try transformer()
        let other = image.clone()
        other[0, .all, 0..<4, 4..<8].fill_(3)
        other[0, .all, 4..<8, 8..<12].fill_(-2)
        let hidden = HiddenPatches(mask, token: formula("token", [12]), side: 4)
        func tokens(_ image: Tensor, _ hidden: HiddenPatches?) -> Tensor {
            model.record(["patches"], of: image, hiding: hidden)["patches"]!
        }
        #expect(tokens(image, hidden).equals(tokens(other, hidden)))
        try assertClose(tokens(image, hidden)[1], tokens(image, nil)[1])
        #expect(compare(tokens(image, hidden)[0], tokens(image, nil)[0]).relativeError > 0.01)
        #expect(tokens(image, HiddenPatches(mask.zerosLike(), token: hidden.token, side: 4)).equals(tokens(image, nil)))
    }

    /// The token stands before positions are added: it is a patch whose embedding, without its bias, is the token.
    @Test func theTokenTakesThePlaceOfTheEmbedding() throws {
        let model = try transformer { $0.depth = 1 }
        let state = Dictionary(uniqueKeysWithValues: model.stateDict())
        let bias = try #require(state["patch_embed.proj.bias"])
        let black = image.clone()
        black[0, .all, 0..<4, 4..<8].fill_(0)
        black[0, .all, 4..<8, 8..<12].fill_(0)
        let hidden = model.record(["block.0"], of: image, hiding: HiddenPatches(mask, token: bias, side: 4))["block.0"]!
        try assertClose(hidden, model.record(["block.0"], of: black)["block.0"]!)
    }

    @Test func theTokenLearns() throws {
        let model = try transformer()
        let token = Tensor.zeros([12])
        token.requiresGrad = true
        model.record(["patches"], of: image, hiding: HiddenPatches(mask, token: token, side: 4))["patches"]!.square().sum().backward()
        #expect(token.grad!.abs().amin().item() > 0)
    }

    @Test func aSegmentationNetworkHidesTokensOfItsTransformerAndOtherwisePixels() throws {
        let plain = try Models.make("linear-vit-tiny-patch16", classes: 3)
        #expect(plain.patchTokens?.side == 16 && HiddenPatches.channels(of: plain) == 192)
        let convolutional = try Models.make("espnetv2-s0.5", classes: 3)
        #expect(convolutional.patchTokens == nil && HiddenPatches.channels(of: convolutional) == 3)
    }

    /// Patches of 20 pixels, the last ones across the edge.
    @Test func anyOtherNetworkSeesThemPaintedOver() throws {
        let model = try Models.make("espnetv2-s0.5", classes: 3).eval()
        let image = formula("image", [1, 3, 32, 64])
        let mask = Tensor.zeros([1, 2, 4], dtype: .bool)
        mask[0, 0, 1].fill_(1)
        mask[0, 1, 3].fill_(1)
        let token = Tensor([0.5, -1, 2] as [Float], shape: [3])
        let painted = image.clone()
        for (channel, value) in [0.5, -1, 2].enumerated() {
            painted[0, channel, 0..<20, 20..<40].fill_(value)
            painted[0, channel, 20..<32, 60..<64].fill_(value)
        }
        let seen = model.record(["stage2"], of: image, hiding: HiddenPatches(mask, token: token, side: 20))["stage2"]!
        #expect(seen.equals(model.record(["stage2"], of: painted)["stage2"]!))
    }
}
