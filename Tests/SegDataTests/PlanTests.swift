import SegData
import Support
import Testing
import Vision

/// What plans are drawn from: sizes, windows, turns, partners.
@Suite struct PlanTests {
    private func sizes(_ resize: Augmentation.Resizing, of width: Int, _ height: Int, draws: Int = 1) -> Set<Size> {
        let augmentation = Augmentation(resize: resize)
        return Set(
            (0..<draws).map { augmentation.plan(for: Size(width: width, height: height), seed: 1, epoch: 0, index: $0).scaled })
    }

    @Test func imagesKeepTheirRatioUnlessToldOtherwise() {
        #expect(sizes(.exact(Size(width: 10, height: 20)), of: 40, 30) == [Size(width: 10, height: 20)])
        // Detectron2's ResizeScale: inside the box.
        #expect(sizes(.inside(Size(width: 100, height: 100)), of: 40, 30) == [Size(width: 100, height: 75)])
        #expect(sizes(.inside(Size(width: 100, height: 60)), of: 40, 30) == [Size(width: 80, height: 60)])
        // mmcv's imrescale((2048, 512)): 683×512 and, upright, 512×683.
        #expect(sizes(.edges(short: 512, long: 2048), of: 640, 480) == [Size(width: 683, height: 512)])
        #expect(sizes(.edges(short: 512, long: 2048), of: 480, 640) == [Size(width: 512, height: 683)])
        #expect(sizes(.edges(short: 512, long: 600), of: 640, 480) == [Size(width: 600, height: 450)])
        let short = sizes(.shortSide([30, 60, 90], limit: 100), of: 40, 30, draws: 100)
        #expect(short == [Size(width: 40, height: 30), Size(width: 80, height: 60), Size(width: 100, height: 75)])
    }

    @Test func scalesAreChosenAlike() {
        let augmentation = Augmentation(scales: [0.5, 1, 1.5], crop: Size(width: 8, height: 8))
        var counts: [Int: Int] = [:]
        for index in 0..<3000 {
            counts[augmentation.plan(for: Size(width: 20, height: 10), seed: 0, epoch: 0, index: index).scaled.height, default: 0] += 1
        }
        // A third of 3000, give or take five standard deviations of 26.
        #expect(counts.keys.sorted() == [5, 10, 15] && counts.values.allSatisfy { (870...1130).contains($0) })
    }

    @Test func largeScaleJitterFillsThePlanEvenly() {
        let augmentation = Augmentation(
            resize: .inside(Size(width: 100, height: 100)), scale: 0.1...2, crop: Size(width: 100, height: 100))
        let widths = (0..<2000).map { augmentation.plan(for: Size(width: 64, height: 48), seed: 4, epoch: 0, index: $0).scaled.width }
        #expect(widths.min()! >= 10 && widths.min()! < 13 && widths.max()! <= 200 && widths.max()! > 197)
        let mean = Double(widths.reduce(0, +)) / 2000
        #expect((99...111).contains(mean))
    }

    @Test func aSettingLeavesTheOthersDrawsAlone() {
        let size = Size(width: 60, height: 40)
        let plain = Augmentation(
            scale: 0.5...2, crop: Size(width: 20, height: 20), flip: 0.5,
            photometric: Photometric(jitter: ColorJitter(brightness: 0.4), blur: GaussianBlur(probability: 0.5, sigma: 0.1...2)))
        var more = plain
        more.photometric.grey = 0.2
        more.photometric.distortion = PhotometricDistortion()
        more.photometric.erasing = RandomErasing(probability: 0.5)
        more.strong = Photometric(jitter: ColorJitter(hue: 0.2), randAugment: RandAugment())
        more.mixing = Mixing(.cutMix)
        for index in 0..<100 {
            let (a, b) = (plain.plan(for: size, seed: 1, epoch: 2, index: index), more.plan(for: size, seed: 1, epoch: 2, index: index))
            #expect(a.scaled == b.scaled && a.x == b.x && a.y == b.y && a.flipped == b.flipped && a.output == b.output)
            let blurs = { (view: Augmentation.View) in view.colors.filter { if case .blur = $0 { true } else { false } } }
            #expect(blurs(a.view) == blurs(b.view))
            #expect(a.view.colors.first == b.view.colors.first || a.view.colors.isEmpty)
            #expect(a.strong.isEmpty && b.strong.count == 1 && b.strong[0] != b.view)
            var two = more
            two.strongViews = 2
            let c = two.plan(for: size, seed: 1, epoch: 2, index: index)
            #expect(c.strong.count == 2 && c.strong[0] == b.strong[0] && c.strong[1] != b.strong[0] && c.view == b.view)
        }
    }

    @Test func turnsAndFlipsComeInAllEightWays() {
        let augmentation = Augmentation(crop: Size(width: 12, height: 8), flip: 0.5, flipVertical: 0.5, quarterTurns: true)
        var counts: [String: Int] = [:]
        for index in 0..<4000 {
            let plan = augmentation.plan(for: Size(width: 30, height: 30), seed: 2, epoch: 0, index: index)
            #expect(plan.output == Size(width: 12, height: 8))
            counts["\(plan.flipped) \(plan.flippedVertically) \(plan.transposed)", default: 0] += 1
        }
        // An eighth of 4000, give or take five standard deviations of 21.
        #expect(counts.count == 8 && counts.values.allSatisfy { (395...605).contains($0) })
    }

    @Test func erasedRectanglesKeepToTheirRanges() {
        let size = Size(width: 100, height: 80)
        let augmentation = Augmentation(
            crop: size, photometric: Photometric(erasing: RandomErasing(probability: 0.4, area: 0.05...0.2, ratio: 0.5...2)))
        let erased = (0..<2000).compactMap { augmentation.plan(for: size, seed: 3, epoch: 0, index: $0).view.erased }
        #expect((690...910).contains(erased.count))
        for rectangle in erased.map(\.region) {
            let share = Double(rectangle.width * rectangle.height) / 8000
            let ratio = Double(rectangle.height) / Double(rectangle.width)
            #expect((0.045...0.21).contains(share) && (0.47...2.13).contains(ratio))
            #expect(rectangle.columns.upperBound <= 100 && rectangle.rows.upperBound <= 80)
        }
    }

    @Test func partnersAreOthersAndAllOfThem() {
        let augmentation = Augmentation(mixing: Mixing(.cutMix, probability: 0.5))
        var seen = Set<Int>()
        var none = 0
        for epoch in 0..<1000 {
            guard let partner = augmentation.partner(seed: 1, epoch: epoch, index: 3, count: 6) else {
                none += 1
                continue
            }
            #expect(partner == augmentation.partner(seed: 1, epoch: epoch, index: 3, count: 6))
            seen.insert(partner)
        }
        #expect(seen == [0, 1, 2, 4, 5] && (420...580).contains(none))
        #expect(Augmentation().partner(seed: 1, epoch: 0, index: 0, count: 9) == nil)
    }

    @Test func cutMixRectanglesHaveTheSharesOfThePaper() {
        var random = SeededRandom(9)
        var sum = 0.0
        for _ in 0..<4000 {
            let region = Augmentation.rectangle(in: Size(width: 200, height: 100), &random)
            #expect(region.columns.lowerBound >= 0 && region.columns.upperBound <= 200 && region.rows.upperBound <= 100)
            sum += Double(region.width * region.height) / 20000
        }
        // Sides s·W about a uniform centre, cut off: E[(s − s²/4)²] with s² uniform is 1/2 − 1/5 + 1/48.
        #expect(abs(sum / 4000 - (0.5 - 0.2 + 1.0 / 48)) < 0.02)
    }
}
