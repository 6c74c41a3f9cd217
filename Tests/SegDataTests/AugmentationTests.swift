import SegData
import Support
import Testing
import Vision

@Suite struct AugmentationTests {
    let augmentation = Augmentation(
        scale: 0.5...2, crop: Size(width: 20, height: 16), flip: 0.5,
        photometric: Photometric(jitter: ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)))

    /// The same steps one after the other with the public operations on whole images.
    private func reference(_ sample: Sample, _ plan: Augmentation.Plan, _ augmentation: Augmentation) -> Sample {
        let (w, h) = (plan.scaled.width, plan.scaled.height)
        let padding = augmentation.imagePadding
        var image = sample.image.resized(width: w, height: h)
        var labels = sample.labels!.resized(width: w, height: h)
        let (visibleWidth, visibleHeight) = (min(plan.output.width, w - plan.x), min(plan.output.height, h - plan.y))
        image = image.cropped(x: plan.x, y: plan.y, width: visibleWidth, height: visibleHeight, padding: [0, 0, 0]).adjusted(
            plan.view.colors)
        labels = labels.cropped(x: plan.x, y: plan.y, width: visibleWidth, height: visibleHeight, padding: 0)
        let pad = [padding.red, padding.green, padding.blue]
        image = image.cropped(x: 0, y: 0, width: plan.output.width, height: plan.output.height, padding: pad)
        labels = labels.cropped(x: 0, y: 0, width: plan.output.width, height: plan.output.height, padding: augmentation.labelPadding)
        return Sample(
            name: sample.name, image: plan.flipped ? image.flippedHorizontally() : image,
            labels: plan.flipped ? labels.flippedHorizontally() : labels)
    }

    @Test func theFusedPassEqualsTheStepsOneByOne() throws {
        var (padded, flipped, cropped) = (0, 0, 0)
        for index in 0..<60 {
            let sample = try TinyDataset(count: 100, width: 24 + index % 5).sample(index)
            let plan = augmentation.plan(for: Size(width: sample.image.width, height: 18), seed: 3, epoch: 1, index: index)
            #expect(augmentation(sample, seed: 3, epoch: 1, index: index) == reference(sample, plan, augmentation), "\(plan)")
            padded += plan.scaled.width < 20 || plan.scaled.height < 16 ? 1 : 0
            cropped += plan.x > 0 && plan.y > 0 ? 1 : 0
            flipped += plan.flipped ? 1 : 0
        }
        // The cases that matter have all been seen.
        #expect(padded > 5 && cropped > 5 && (15...45).contains(flipped))
    }

    @Test func partsOfAnAugmentationWorkAlone() throws {
        let sample = try TinyDataset(count: 3).sample(2)
        #expect(Augmentation.evaluation(sample, seed: 0, epoch: 0, index: 2) == sample)
        let resized = Augmentation.evaluation(resize: Size(width: 10, height: 9))(sample, seed: 0, epoch: 0, index: 2)
        #expect(resized.image == sample.image.resized(width: 10, height: 9))
        #expect(resized.labels == sample.labels!.resized(width: 10, height: 9))
        let flipped = Augmentation(flip: 1)(sample, seed: 0, epoch: 0, index: 2)
        #expect(flipped.image == sample.image.flippedHorizontally())
        #expect(flipped.labels == sample.labels!.flippedHorizontally())
        let cropped = Augmentation(crop: Size(width: 5, height: 5))(sample, seed: 0, epoch: 0, index: 2)
        #expect(cropped.image.width == 5 && cropped.labels?.height == 5)
    }

    @Test func drawsFollowFromSeedEpochAndIndex() {
        let size = Size(width: 100, height: 80)
        func plan(_ seed: Int, _ epoch: Int, _ index: Int) -> Augmentation.Plan {
            augmentation.plan(for: size, seed: seed, epoch: epoch, index: index)
        }
        #expect(plan(1, 2, 3) == plan(1, 2, 3))
        #expect(plan(1, 2, 3) != plan(2, 2, 3))
        #expect(plan(1, 2, 3) != plan(1, 3, 3))
        #expect(plan(1, 2, 3) != plan(1, 2, 4))
        for index in 0..<300 {
            let plan = plan(0, 0, index)
            #expect((50...200).contains(plan.scaled.width))
            #expect((0...max(0, plan.scaled.width - 20)).contains(plan.x) && (0...max(0, plan.scaled.height - 16)).contains(plan.y))
        }
    }
}
