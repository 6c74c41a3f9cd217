import SegModels
import Support
import Testing
import Torch

/// Mask2Former's own pixel decoder on a plain vision transformer.
@Suite struct TokenPyramidTests {
    /// The blocks that Rein and GKD read.
    @Test func blocks() {
        #expect(TokenStages.pyramid(depth: 12).blocks == [3, 5, 7, 11] && TokenStages.pyramid(depth: 24).blocks == [7, 11, 15, 23])
    }

    @Test func masksHaveAQuarterOfTheImagesSize() throws {
        try withTorchErrors {
            TorchRandom.seed(1)
            let model = try Models.make("mask2former-small-deit-tiny", classes: 3, options: .init(headChannels: 32)).eval()
            let network = try #require(model as? Mask2Former)
            let image = Tensor.randn([1, 3, 64, 96])
            let found = withoutGradients { network.predictions(image) }
            #expect(found.maskLogits.shape == [1, 100, 16, 24] && found.semantic.shape == [1, 3, 16, 24])
            #expect(model.tapStrides["logits"] == 4)
        }
    }

    /// Each map is that of its block, resized as `interpolate(mode: bilinear)` does.
    @Test func mapsAreThoseOfTheBlocks() throws {
        try withTorchErrors {
            TorchRandom.seed(2)
            let model = try Models.make("mask2former-small-deit-tiny", classes: 3, options: .init(headChannels: 32)).eval()
            let network = try #require(model as? Mask2Former)
            let image = Tensor.randn([1, 3, 64, 96])
            withoutGradients {
                var none = Taps()
                let maps = network.pixelDecoder.stages(of: network.backbone, image, taps: &none)
                #expect(maps.map { Array($0.shape.suffix(2)) } == [[16, 24], [8, 12], [4, 6], [2, 3]])
                let tokens = model.record(["block.7", "block.11"], of: image)
                func grid(_ name: String) -> Tensor { tokens[name]![.all, 1...].transpose(1, 2).reshape(1, 192, 4, 6) }
                func distance(_ one: Tensor, _ other: Tensor) -> Float { (one - other).abs().array(of: Float.self).max()! }
                #expect(distance(maps[2], grid("block.7")) == 0)
                // Half the size: the mean of four.
                #expect(distance(maps[3], F.avgPool2d(grid("block.11"), kernel: [2, 2])) < 1e-6)
            }
        }
    }
}
