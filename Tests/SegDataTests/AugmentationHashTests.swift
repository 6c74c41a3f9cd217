import SegData
import Testing
import Vision

/// What recipes written before mixes, views and new steps gave must not change: the numbers were recorded at commit c72f3b6, the last
/// before them.
@Suite struct AugmentationHashTests {
    @Test func recipesWithoutNewSettingsGiveTheSameBytes() throws {
        let all = Augmentation(
            scale: 0.5...2, crop: Size(width: 20, height: 16), flip: 0.5,
            photometric: Photometric(jitter: ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)))
        let resized = Augmentation(
            resize: .exact(Size(width: 31, height: 20)), scale: 0.8...1.3, crop: Size(width: 24, height: 24), flip: 0.3,
            photometric: Photometric(jitter: ColorJitter(brightness: 0.2, hue: 0.3, probability: 0.5)), imagePadding: RGB(1, 2, 3),
            labelPadding: 0)
        let plain = Augmentation(flip: 0.5)
        #expect(try hash(all) == 419_262_598_491_815_929)
        #expect(try hash(resized) == 10_852_484_790_142_701_514)
        #expect(try hash(plain) == 13_737_515_086_868_939_245)
    }

    /// FNV-1a over images and labels of 40 samples in two epochs.
    private func hash(_ augmentation: Augmentation) throws -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        let dataset = TinyDataset(count: 40)
        for epoch in 0..<2 {
            for index in 0..<dataset.count {
                let sample = try augmentation(dataset.sample(index), seed: 5, epoch: epoch, index: index)
                for byte in sample.image.pixels + sample.labels!.values { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            }
        }
        return hash
    }
}
