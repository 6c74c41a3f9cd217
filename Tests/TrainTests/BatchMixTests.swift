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
