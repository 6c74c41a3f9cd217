import SegData
import Support
import Testing
import Torch
import Train

@Suite struct BatchMixTests {
    /// 3×5×7 labels of some classes each, and 255.
    private let labels: [UInt8] = (0..<105).map { (pixel: Int) -> UInt8 in
        let label = (pixel / 4 + pixel / 35) % 5
        return pixel % 11 == 0 ? 255 : UInt8(label)
    }

    init() throws { try LibTorch.load() }

    @Test func partnersAreOthersAndEachTakenOnce() {
        for seed in 0..<10 {
            var random = SeededRandom(seed)
            let partners = BatchMix.cutMix(batch: 4, height: 3, width: 3, device: .cpu, &random).partners.array(of: Int64.self)
            #expect(Set(partners) == [0, 1, 2, 3] && zip(partners, 0...).allSatisfy { $0 != Int64($1) })
        }
    }

    @Test func rectanglesAreThoseOfTheLoader() {
        var (random, again) = (SeededRandom(5), SeededRandom(5))
        let mask = BatchMix.cutMix(batch: 3, height: 12, width: 20, device: .cpu, &random).mask.array(of: Bool.self)
        // The partners' draw comes first.
        _ = again.below(2)
        for sample in 0..<3 {
            let box = Augmentation.rectangle(in: Size(width: 20, height: 12), &again)
            for y in 0..<12 {
                for x in 0..<20 {
                    let isInside = box.columns.contains(x) && box.rows.contains(y)
                    #expect(mask[(sample * 12 + y) * 20 + x] == isInside)
                }
            }
        }
    }

    /// UniMatch's rectangles: 2 to 40 % of half of the images, their height 0.3 to 3.3 of their width, whole inside the image.
    @Test(arguments: [0, 0.5, 1.0]) func reversedRectanglesAreUniMatchs(_ probability: Double) {
        var random = SeededRandom(8)
        let mix = BatchMix.reversedCutMix(batch: 400, height: 60, width: 90, probability: probability, device: .cpu, &random)
        #expect(mix.partners.array(of: Int64.self) == (0..<400).reversed().map(Int64.init))
        let mask = mix.mask.array(of: Bool.self)
        var areas: [Double] = []
        for image in 0..<400 {
            let places = (0..<5400).filter { mask[5400 * image + $0] }
            guard let first = places.first, let last = places.last else { continue }
            let (width, height) = (last % 90 - first % 90 + 1, last / 90 - first / 90 + 1)
            #expect(places.count == width * height)
            // Sides are rounded down.
            #expect(Double(height + 1) / Double(width) >= 0.3 && Double(height) / Double(width + 1) <= 1 / 0.3)
            #expect(Double((width + 1) * (height + 1)) >= 0.02 * 5400 && Double(places.count) <= 0.4 * 5400)
            areas.append(Double(places.count) / 5400)
        }
        // Of 400 throws of a coin; six standard deviations.
        #expect(abs(Double(areas.count) - 400 * probability) <= 6 * (400 * probability * (1 - probability)).squareRoot())
        if probability > 0 { #expect(areas.min()! < 0.06 && areas.max()! > 0.3) }
    }

    @Test func halfOfThePartnersClassesAreTaken() {
        var choices = Set<Set<UInt8>>()
        for seed in 0..<20 {
            var random = SeededRandom(seed)
            let mix = BatchMix.classMix(Tensor(labels, shape: [3, 5, 7]), &random)
            let (mask, partners) = (mix.mask.array(of: Bool.self), mix.partners.array(of: Int64.self))
            for sample in 0..<3 {
                let partner = labels[35 * Int(partners[sample])..<35 * Int(partners[sample] + 1)]
                let taken = zip(partner, mask[35 * sample..<35 * (sample + 1)])
                let classes = Set(taken.filter(\.1).map(\.0))
                choices.insert(classes)
                #expect(classes.count == Set(partner).subtracting([255]).count / 2 && !classes.contains(255))
                // A class is taken whole.
                #expect(taken.allSatisfy { $1 == classes.contains($0) })
            }
        }
        #expect(choices.count > 5)
    }

    /// No rectangle of 40 % of it has the ratios of UniMatch's.
    @Test(arguments: [(8, 512), (512, 8)]) func aLongImageIsMixedToo(height: Int, width: Int) {
        var random = SeededRandom(5)
        for _ in 0..<20 {
            let mix = BatchMix.reversedCutMix(batch: 2, height: height, width: width, probability: 1, device: .cpu, &random)
            let taken = mix.mask.array(of: Bool.self).count { $0 }
            #expect(taken > 0 && Double(taken) <= 0.4 * Double(2 * height * width) + Double(2 * max(height, width)))
        }
    }

    @Test func imagesPredictionsAndLabelsAreMixedAlike() {
        var random = SeededRandom(3)
        let mix = BatchMix.classMix(Tensor(labels, shape: [3, 5, 7]), &random)
        let (mask, partners) = (mix.mask.array(of: Bool.self), mix.partners.array(of: Int64.self))
        let mixed = mix(Tensor(labels, shape: [3, 5, 7])).array(of: UInt8.self)
        let bytes = Tensor((0..<315).map { UInt8($0 % 251) }, shape: [3, 5, 7, 3])
        let images = mix(bytes, channels: 3).array(of: UInt8.self)
        let scores = Tensor((0..<210).map { Float($0) }, shape: [3, 2, 5, 7])
        let predictions = mix(scores, channels: 1).array(of: Float.self)
        for sample in 0..<3 {
            for pixel in 0..<35 {
                let source = mask[35 * sample + pixel] ? Int(partners[sample]) : sample
                #expect(mixed[35 * sample + pixel] == labels[35 * source + pixel])
                for channel in 0..<3 {
                    let told = UInt8((3 * (35 * source + pixel) + channel) % 251)
                    #expect(images[3 * (35 * sample + pixel) + channel] == told)
                }
                for channel in 0..<2 {
                    let told = Float((2 * source + channel) * 35 + pixel)
                    #expect(predictions[(2 * sample + channel) * 35 + pixel] == told)
                }
            }
        }
    }
}
