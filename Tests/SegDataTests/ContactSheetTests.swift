import SegData
import Testing
import Vision

@Suite struct ContactSheetTests {
    @Test func samplesStandTwoAbreastWithTheirLabels() throws {
        let dataset = TinyDataset(count: 3)
        let sheet = try ContactSheet(dataset, Augmentation(flip: 0.5), seed: 1).picture(count: 5)
        // Two tiles of 24×18 a sample, 4 pixels apart, two samples 12 apart; three rows 4 apart.
        #expect(sheet.width == 2 * 52 + 12 && sheet.height == 3 * 18 + 8)
        let first = Augmentation(flip: 0.5)(try dataset.sample(0), seed: 1, epoch: 0, index: 0)
        #expect(sheet.cropped(x: 0, y: 0, width: 24, height: 18, padding: [0, 0, 0]) == first.image)
        // More samples than there are come from the next epoch.
        let fourth = Augmentation(flip: 0.5)(try dataset.sample(0), seed: 1, epoch: 1, index: 0)
        #expect(sheet.cropped(x: 64, y: 22, width: 24, height: 18, padding: [0, 0, 0]) == fourth.image)
    }

    @Test func secondViewsStandBesideTheFirst() throws {
        let augmentation = Augmentation(crop: Size(width: 20, height: 16), strong: Photometric(grey: 1))
        let sheet = try ContactSheet(TinyDataset(count: 9), augmentation, seed: 1).picture(count: 2)
        #expect(sheet.width == 3 * 20 + 8 && sheet.height == 2 * 16 + 4)
        let (sample, strong) = try augmentation.views(TinyDataset(count: 9).sample(4), seed: 1, epoch: 0, index: 4)
        #expect(sheet.cropped(x: 0, y: 20, width: 20, height: 16, padding: [0, 0, 0]) == sample.image)
        #expect(sheet.cropped(x: 24, y: 20, width: 20, height: 16, padding: [0, 0, 0]) == strong)
    }
}
