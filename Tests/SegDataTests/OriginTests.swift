import SegData
import Support
import Testing
import Vision

/// Where a batch's pixels come from.
@Suite struct OriginTests {
    /// Labels that tell their own column, or row.
    private struct Ruler: Dataset {
        let classes = ClassList(names: (0..<64).map(String.init))
        let count = 40
        let isVertical: Bool

        func name(_ index: Int) -> String { "ruler/\(index)" }

        func sample(_ index: Int) throws -> Sample {
            let image = Image(width: 48, height: 36)
            var labels = LabelMap(width: 48, height: 36)
            for pixel in 0..<48 * 36 { labels.values[pixel] = UInt8(isVertical ? pixel / 48 : pixel % 48) }
            return Sample(name: name(index), image: image, labels: labels)
        }
    }

    /// - Returns: for every pixel of an epoch its origin in pixels, across or down, and its label; nil in the padding.
    private func places(_ augmentation: Augmentation, down: Bool) throws -> [(place: Double, outside: Bool, label: Int?)] {
        let options = LoaderOptions(batchSize: augmentation.outputSize == nil ? 1 : 4, augmentation: augmentation, epochs: 1, threads: 2)
        let loader = try Loader(Ruler(isVertical: down), options)
        var places: [(Double, Bool, Int?)] = []
        while let batch = try loader.next() {
            let labels = batch.withLabels { Array($0) }
            for slot in 0..<batch.count {
                for y in 0..<batch.size.height {
                    for x in 0..<batch.size.width {
                        let (across, downwards) = batch.origins[slot](x: Double(x) + 0.5, y: Double(y) + 0.5)
                        let label = labels[(slot * batch.size.height + y) * batch.size.width + x]
                        let outside = min(across, downwards) < 0 || max(across, downwards) > 1
                        places.append((down ? downwards * 36 : across * 48, outside, label == 255 ? nil : Int(label)))
                    }
                }
            }
        }
        return places
    }

    @Test(arguments: [false, true])
    func unscaledPixelsComeFromExactlyThere(_ down: Bool) throws {
        let augmentation = Augmentation(crop: Size(width: 30, height: 40), flip: 0.5, flipVertical: 0.5, quarterTurns: true)
        for (place, outside, label) in try places(augmentation, down: down) {
            #expect(outside == (label == nil))
            if let label { #expect(Int(place) == label) }
        }
    }

    @Test(arguments: [false, true])
    func scaledAndMovedPixelsComeFromThere(_ down: Bool) throws {
        let photometric = Photometric(randAugment: RandAugment(count: 2, magnitude: 9, movesPixels: true))
        let moving = Augmentation(
            scale: 0.5...2, crop: Size(width: 30, height: 26), flip: 0.5, quarterTurns: true, photometric: photometric)
        // A batch whose size its only sample decides.
        for augmentation in [moving, Augmentation(scale: 0.5...2, flip: 0.5)] {
            // The nearest pixel of a scaled image, and of a moved one, is at most one of the scaled image's pixels off.
            for (place, outside, label) in try places(augmentation, down: down) where !outside {
                if let label { #expect(abs(place - Double(label) - 0.5) <= 0.5 + 2.01) }
            }
        }
    }
}
