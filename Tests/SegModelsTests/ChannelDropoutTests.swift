import SegModels
import SegTesting
import Support
import Testing
import Torch

/// Two views of an image without each other's channels.
@Suite struct ChannelDropoutTests {
    init() throws { try LibTorch.load() }

    private func dropout(_ images: Int, _ share: Double, seed: Int = 1) -> ChannelDropout {
        var random = SeededRandom(seed)
        return ChannelDropout(images: images, share: share, &random)
    }

    @Test(arguments: [(4, 0.5, 2), (5, 0.5, 3), (1, 0.5, 1), (3, 1.0, 3), (3, 0.0, 0)])
    func theFactorsOfBothViewsAddUpToTwo(_ images: Int, _ share: Double, _ dropped: Int) {
        let factors = dropout(images, share).factors(channels: 200).array(of: Float.self)
        var count = 0
        for image in 0..<images {
            let first = factors[200 * image..<200 * (image + 1)]
            let second = factors[200 * (images + image)..<200 * (images + image + 1)]
            #expect(zip(first, second).allSatisfy { $0 + $1 == 2 })
            guard !first.allSatisfy({ $0 == 1 }) else { continue }
            count += 1
            #expect(first.allSatisfy { $0 == 0 || $0 == 2 })
            // 200 throws of a coin; six standard deviations.
            #expect(abs(first.filter { $0 == 0 }.count - 100) < 43)
        }
        #expect(count == dropped)
    }

    @Test func imagesAndChannelsAreDrawnAnewByTheSeed() {
        let drawn = (0..<20).map { dropout(4, 0.5, seed: $0).factors(channels: 30).array(of: Float.self) }
        #expect(Set(drawn).count == 20)
        #expect(dropout(4, 0.5, seed: 3).factors(channels: 30).array(of: Float.self) == drawn[3])
        let dropped = drawn.map { factors in (0..<4).map { factors[30 * $0] == 1 } }
        #expect(Set(dropped).count > 3)
    }

    /// A linear head gives the mean of both views what it gives the whole map; the taps have all channels.
    @Test func theHeadReadsWhatIsLeft() throws {
        let model = try Models.make("linear-vit-tiny-patch16", classes: 3).eval()
        model.fillByFormula()
        let image = formula("image", [3, 3, 224, 224])
        try withoutGradients {
            var (whole, dropped) = (Taps(["stage4"]), Taps(["stage4"], dropping: dropout(3, 1)))
            let expected = model.forward(image, taps: &whole).logits
            let found = model.forward(.concatenate([image, image]), taps: &dropped).logits
            try assertClose((found[0..<3] + found[3..<6]) / 2.0, expected, relative: 1e-4)
            #expect(compare(found[0..<3], expected).relativeError > 0.01)
            try assertClose(dropped["stage4"]![0..<3], whole["stage4"]!, relative: 1e-5)
        }
    }

    @Test(arguments: ["espnetv2-s0.5", "lraspp-mobilenetv2-w0.35", "dpt-vit-tiny-patch16", "segformer-mit-b0"])
    func networksOfAnEncoderAndAHeadCan(_ name: String) throws {
        let model = try Models.make(name, classes: 3).eval()
        model.fillByFormula()
        #expect(model.dropsChannels)
        let image = formula("image", [4, 3, 224, 224])
        try withoutGradients {
            func logits(_ share: Double) -> Tensor {
                var taps = Taps([String](), dropping: dropout(2, share))
                return model.forward(image, taps: &taps).logits
            }
            try assertClose(logits(0), model(image).logits, relative: 1e-5)
            #expect(compare(logits(1), model(image).logits).relativeError > 1e-3)
        }
    }
}
