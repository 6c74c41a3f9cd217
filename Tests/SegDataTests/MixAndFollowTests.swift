import SegData
import Support
import Testing
import Vision

/// Labels, objects and second views follow the image through every setting.
@Suite struct MixAndFollowTests {
    /// A sample whose image says everything about its labels and objects: red = 50 · class, green = 60 · object. Objects are blocks of
    /// several pixels, so that resizing by whole factors keeps them apart.
    static func telling(width: Int = 36, height: Int = 24, shift: Int = 0, name: String = "telling") -> Sample {
        var image = Image(width: width, height: height)
        var labels = LabelMap(width: width, height: height)
        var objects = InstanceMap(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width {
                let pixel = y * width + x
                labels.values[pixel] = UInt8(((x + shift) / 6 + y / 8 * 2) % 4)
                objects.values[pixel] = UInt16(((x + 3 * shift) / 9 + y / 6) % 4)
                image.pixels[3 * pixel] = 50 * labels.values[pixel]
                image.pixels[3 * pixel + 1] = UInt8(60 * objects.values[pixel])
                image.pixels[3 * pixel + 2] = UInt8(100 + shift)
            }
        }
        return Sample(name: name, image: image, labels: labels, instances: Instance.list(in: objects) { Int($0) })
    }

    /// Whether labels and objects are those that the image's colours tell, wherever the image is shown unmixed.
    private func expectAgreement(_ sample: Sample, _ note: String) {
        let labels = sample.labels!
        for (pixel, label) in labels.values.enumerated() {
            let isPadding = sample.image.pixels[3 * pixel + 2] == 255
            let told = sample.image.pixels[3 * pixel]
            if isPadding ? label != 255 : told != 50 * label {
                Issue.record("\(note): pixel \(pixel) is labelled \(label)")
                return
            }
        }
        var objects = InstanceMap(width: labels.width, height: labels.height)
        for instance in sample.instances! {
            instance.mask.paint(UInt16(instance.category), into: &objects)
            #expect(instance.box == Box(instance.mask) && !instance.mask.isEmpty)
        }
        for (pixel, object) in objects.values.enumerated() where labels.values[pixel] != 255 {
            if sample.image.pixels[3 * pixel + 1] != UInt8(60 * object) {
                Issue.record("\(note): pixel \(pixel) is of \(object)")
                return
            }
        }
    }

    private let marked = RGB(0, 0, 255)

    @Test func flipsAndTurnsMoveLabelsAndObjectsWithTheImage() {
        let sample = Self.telling()
        // Without resizing no colours mix, so the colours tell the truth exactly.
        let augmentation = Augmentation(
            crop: Size(width: 20, height: 28), flip: 0.5, flipVertical: 0.5, quarterTurns: true, imagePadding: marked)
        var ways = Set<String>()
        for index in 0..<60 {
            let plan = augmentation.plan(for: Size(width: 36, height: 24), seed: 1, epoch: 0, index: index)
            ways.insert("\(plan.flipped) \(plan.flippedVertically) \(plan.transposed)")
            expectAgreement(augmentation(sample, seed: 1, epoch: 0, index: index), "\(plan)")
        }
        #expect(ways.count == 8)
    }

    @Test func turnedPicturesAreThePictureTurned() {
        let sample = Self.telling()
        let augmentation = Augmentation(quarterTurns: true)
        var seen = Set<Int>()
        for index in 0..<20 {
            let turned = augmentation(sample, seed: 1, epoch: 0, index: index).image
            let orientations: [Orientation] = [.up, .right, .down, .left]
            let match = orientations.firstIndex { sample.image.upright(from: $0) == turned }
            #expect(match != nil)
            if let match { seen.insert(match) }
        }
        #expect(seen == [0, 1, 2, 3])
    }

    @Test func resizedMasksAreTheResizedMap() {
        let sample = Self.telling()
        let augmentation = Augmentation(scale: 0.4...2.5, crop: Size(width: 24, height: 30), flip: 0.5, flipVertical: 0.5)
        for index in 0..<60 {
            let result = augmentation(sample, seed: 7, epoch: 0, index: index)
            for instance in sample.instances! {
                // The object as a map of labels of its own goes through the same plan.
                var map = LabelMap(width: 36, height: 24)
                instance.mask.paint(1, into: &map)
                let alone = Sample(name: "", image: sample.image, labels: map)
                let expected = RunLengthMask(augmentation(alone, seed: 7, epoch: 0, index: index).labels!, where: 1)
                let found = result.instances!.first { $0.category == instance.category }?.mask
                #expect(found == (expected.isEmpty ? nil : expected), "\(index)")
            }
        }
    }

    @Test func movedPixelsTakeLabelsAndObjectsAlong() {
        let sample = Self.telling(width: 60, height: 48)
        let augmentation = Augmentation(
            crop: Size(width: 50, height: 40),
            photometric: Photometric(randAugment: RandAugment(count: 1, magnitude: 20, movesPixels: true)), imagePadding: marked)
        var moved = 0
        for index in 0..<80 {
            let plan = augmentation.plan(for: Size(width: 60, height: 48), seed: 1, epoch: 0, index: index)
            guard plan.warp != nil else { continue }
            moved += 1
            let result = augmentation(sample, seed: 1, epoch: 0, index: index)
            // Bilinear mixing blurs the borders; away from them colours still tell the label.
            var (agreeing, all) = (0, 0)
            for (pixel, label) in result.labels!.values.enumerated() where label != 255 {
                all += 1
                agreeing += result.image.pixels[3 * pixel] == 50 * label ? 1 : 0
            }
            #expect(all > 900 && Double(agreeing) > 0.7 * Double(all), "\(plan)")
            var map = InstanceMap(width: 50, height: 40)
            for instance in result.instances! { instance.mask.paint(UInt16(instance.category), into: &map) }
            var same = 0
            for (pixel, label) in result.labels!.values.enumerated() where label != 255 {
                same += result.image.pixels[3 * pixel + 1] == UInt8(60 * map.values[pixel]) ? 1 : 0
            }
            #expect(Double(same) > 0.7 * Double(all))
        }
        #expect(moved > 15)
    }

    @Test func aCropKeepsToItsCategoryLimit() {
        // Nine tenths are one class.
        var labels = LabelMap(width: 60, height: 40)
        for y in 0..<40 { for x in 54..<60 { labels.values[y * 60 + x] = 1 } }
        let sample = Sample(name: "", image: Image(width: 60, height: 40), labels: labels)
        func share(_ limit: Double, _ index: Int) -> Double {
            let crop = Augmentation(crop: Size(width: 16, height: 16), categoryLimit: limit)
            return Double(crop(sample, seed: 0, epoch: 0, index: index).labels!.values.filter { $0 == 0 }.count) / 256
        }
        // A window of 45 holds both classes in at most 3 quarters if it is one of the last 3: seen once in 15 draws without a limit.
        let free = (0..<300).filter { share(1, $0) < 0.75 }.count
        let limited = (0..<300).filter { share(0.75, $0) < 0.75 }.count
        #expect((5...45).contains(free))
        // 1 − (14 / 15)¹¹ is 0.53.
        #expect((115...205).contains(limited))
    }

    @Test func bothViewsShowTheSamePixels() throws {
        let sample = Self.telling()
        var augmentation = Augmentation(scale: 0.8...1.5, crop: Size(width: 24, height: 24), flip: 0.5, strong: Photometric())
        for index in 0..<20 {
            let (weak, strong) = try augmentation.views(sample, seed: 1, epoch: 0, index: index)
            #expect(weak.image == strong)
        }
        augmentation.strong = Photometric(
            grey: 1, blur: GaussianBlur(probability: 1, sigma: 1...1), erasing: RandomErasing(probability: 1, ignoresLabels: true))
        var alone = augmentation
        alone.strong = nil
        for index in 0..<20 {
            let (weak, strong) = try augmentation.views(sample, seed: 1, epoch: 0, index: index)
            // The first view and its labels know nothing of the second.
            #expect(weak == alone(sample, seed: 1, epoch: 0, index: index))
            #expect(weak.image != strong)
        }
    }

    @Test func erasedPixelsKeepOrLoseTheirLabels() {
        let sample = Self.telling()
        for ignores in [true, false] {
            let augmentation = Augmentation(
                photometric: Photometric(erasing: RandomErasing(probability: 1, fill: .noise, ignoresLabels: ignores)))
            let plan = augmentation.plan(for: Size(width: 36, height: 24), seed: 1, epoch: 0, index: 4)
            let result = augmentation(sample, seed: 1, epoch: 0, index: 4)
            let region = plan.view.erased!.region
            for y in 0..<24 {
                for x in 0..<36 {
                    let isErased = region.columns.contains(x) && region.rows.contains(y)
                    let pixel = y * 36 + x
                    #expect(result.labels!.values[pixel] == (isErased && ignores ? 255 : sample.labels!.values[pixel]))
                    if !isErased { #expect(result.image.pixels[3 * pixel + 2] == 100) }
                }
            }
            #expect(result == augmentation(sample, seed: 1, epoch: 0, index: 4))
        }
    }

    @Test(arguments: Mixing.Kind.allCases)
    func mixedPixelsBringTheirLabelsAndObjects(_ kind: Mixing.Kind) throws {
        let (first, second) = (Self.telling(), Self.telling(shift: 3, name: "partner"))
        let augmentation = Augmentation(crop: Size(width: 30, height: 20), flip: 0.5, mixing: Mixing(kind))
        var shares: [Double] = []
        var classes: [Int] = []
        for index in 0..<60 {
            let (sample, _) = try augmentation.views(first, mixedWith: second, seed: 1, epoch: 0, index: index)
            expectAgreement(sample, "\(kind) \(index)")
            let taken = (0..<600).filter { sample.image.pixels[3 * $0 + 2] == 103 }
            shares.append(Double(taken.count) / 600)
            classes.append(Set(taken.map { sample.labels!.values[$0] }).count)
            let area = sample.instances!.reduce(0) { $0 + $1.mask.area }
            // No pixel belongs to two objects, and every object's pixel to one.
            #expect(area == (0..<600).filter { sample.image.pixels[3 * $0 + 1] > 0 }.count)
        }
        switch kind {
        case .cutMix: #expect(Set(shares).count > 30)
        case .classMix: #expect(classes.allSatisfy { $0 == 2 })
        case .copyPaste: #expect(shares.contains(0) && shares.contains { $0 > 0.6 })
        }
    }

    @Test func mixesSayWhatTheyLack() throws {
        let plain = TinyDataset(count: 4)
        func message(_ augmentation: Augmentation, _ dataset: TinyDataset) throws -> String {
            let loader = try Loader(dataset, LoaderOptions(batchSize: 2, augmentation: augmentation, threads: 1))
            while try loader.next() != nil {}
            return ""
        }
        #expect(throws: UserError.self) { try message(Augmentation(mixing: Mixing(.cutMix)), plain) }
        #expect(throws: UserError.self) { try message(Augmentation(strong: Photometric()), plain) }
        let crop = Size(width: 10, height: 10)
        #expect(throws: UserError.self) { try message(Augmentation(crop: crop, mixing: Mixing(.copyPaste)), plain) }
        #expect(throws: UserError.self) {
            try message(Augmentation(crop: crop, mixing: Mixing(.classMix)), TinyDataset(count: 4, unlabelled: true))
        }
    }

    @Test func theLoaderGivesWhatTheFunctionGives() throws {
        let samples = (0..<6).map { Self.telling(shift: $0, name: "\($0)") }
        let dataset = TellingDataset(samples: samples)
        let augmentation = Augmentation(
            scale: 0.8...1.4, crop: Size(width: 20, height: 20), flip: 0.5, quarterTurns: true,
            mixing: Mixing(.copyPaste, probability: 0.6),
            photometric: Photometric(grey: 0.3), strong: Photometric(randAugment: RandAugment(magnitude: 20)))
        for threads in [1, 3] {
            let options = LoaderOptions(batchSize: 3, augmentation: augmentation, seed: 5, epochs: 3, threads: threads, instances: true)
            let loader = try Loader(dataset, options)
            var seen = 0
            while let batch = try loader.next() {
                for (slot, index) in batch.indices.enumerated() {
                    let partner = augmentation.partner(seed: 5, epoch: batch.epoch, index: index, count: 6)
                    let (expected, strong) = try augmentation.views(
                        samples[index], mixedWith: partner.map { samples[$0] }, seed: 5, epoch: batch.epoch, index: index)
                    let range = 1200 * slot..<1200 * (slot + 1)
                    #expect(batch.withImages { Array($0[range]) } == expected.image.pixels)
                    #expect(batch.withStrongImages { Array($0[range]) } == strong!.pixels)
                    #expect(batch.withLabels { Array($0[400 * slot..<400 * (slot + 1)]) } == expected.labels!.values)
                    #expect(batch.instances[slot] == expected.instances)
                    seen += 1
                }
            }
            #expect(seen == 18)
        }
    }

    /// Of the same places; a second one changes neither the first nor the image.
    @Test func aBatchHasAsManyStrongViewsAsAreAskedFor() throws {
        let dataset = TellingDataset(samples: (0..<4).map { Self.telling(shift: $0, name: "\($0)") })
        func batch(_ views: Int) throws -> Batch {
            let augmentation = Augmentation(
                scale: 0.8...1.4, crop: Size(width: 20, height: 20), flip: 0.5, strong: Photometric(jitter: ColorJitter(brightness: 0.5)),
                strongViews: views)
            let loader = try Loader(dataset, LoaderOptions(batchSize: 4, augmentation: augmentation, seed: 5, epochs: 1))
            return try #require(try loader.next())
        }
        let (one, two) = (try batch(1), try batch(2))
        #expect(one.views == 2 && two.views == 3)
        #expect(one.withImages { Array($0) } == two.withImages { Array($0) })
        #expect(one.withLabels { Array($0) } == two.withLabels { Array($0) })
        let first = try #require(two.withStrongImages { Array($0) })
        #expect(one.withStrongImages { Array($0) } == first && one.withStrongImages(view: 1) { _ in true } == nil)
        #expect(try #require(two.withStrongImages(view: 1) { Array($0) }) != first && two.withStrongImages(view: 2) { _ in true } == nil)
    }
}

/// Samples with objects, in memory.
private struct TellingDataset: Dataset {
    let samples: [Sample]
    let classes = ClassList(names: ["a", "b", "c", "d"])
    var instanceClasses: ClassList? { classes }
    var count: Int { samples.count }
    func name(_ index: Int) -> String { samples[index].name }
    func sample(_ index: Int) -> Sample { samples[index] }
}
