import Support
import Testing
import Vision

/// Steps on colours and places against torchvision; `scripts/reference/augmentation.py` writes the fixture.
@Suite struct AugmentationStepTests {
    struct Reference: Decodable {
        struct Step: Decodable {
            let step: String
            let amount: Double
            let expected: Pixels

            var change: ColorStep {
                switch step {
                case "posterize": .posterize(bits: Int(amount))
                case "solarize": .solarize(threshold: amount)
                case "autocontrast": .autocontrast
                case "equalize": .equalize
                case "sharpness": .sharpness(amount)
                case "blur": .blur(sigma: amount)
                case "offset": .offset(amount)
                default: .vividness(amount)
                }
            }
        }
        struct Warp: Decodable {
            let step: String
            let amount: Double
            let image: Pixels
            let inside: Pixels
            let labels: Pixels
        }
        struct Magnitude: Decodable {
            let step: String
            let magnitude: Int
            let amount: Double
            let signed: Bool
        }
        let image: Pixels
        let labels: Pixels
        let steps: [Step]
        let warps: [Warp]
        let magnitudes: [Magnitude]
    }

    let reference: Reference

    init() throws { reference = try Fixture.load("augmentation") }

    @Test func everyStepEqualsItsReference() {
        #expect(Set(reference.steps.map(\.step)).count == 8)
        for expected in reference.steps {
            // Tables are exact; sums of weighted pixels may round the other way.
            let tolerance = ["blur", "sharpness", "vividness"].contains(expected.step) ? 1 : 0
            let adjusted = reference.image.image.adjusted([expected.change])
            #expect(adjusted.difference(from: expected.expected.image) <= tolerance, "\(expected.step) \(expected.amount)")
        }
    }

    @Test func stepsAppliedTogetherEqualStepsAppliedOneByOne() {
        let image = reference.image.image
        let steps: [ColorStep] = [
            .offset(9), .equalize, .brightness(0.7), .blur(sigma: 1), .posterize(bits: 5), .autocontrast, .vividness(1.3), .sharpness(1.5),
            .solarize(threshold: 200), .autocontrast, .offset(-20),
        ]
        #expect(image.adjusted(steps) == steps.reduce(image) { $0.adjusted([$1]) })
    }

    @Test func aBlurWiderThanThePictureIsItsMirroredMean() {
        let flat = Image(width: 3, height: 2, filledWith: 77)
        #expect(flat.adjusted([.blur(sigma: 9)]) == flat)
        #expect(Image(width: 1, height: 1, filledWith: 5).adjusted([.blur(sigma: 2), .sharpness(2)]).pixels == [5, 5, 5])
    }

    @Test func movedPixelsAndLabelsEqualTorchvision() throws {
        let (image, labels) = (reference.image.image, reference.labels.labels)
        for expected in reference.warps {
            let operation = try #require(RandAugment.Operation(rawValue: expected.step))
            let map = try #require(operation.map(expected.amount, width: image.width, height: image.height))
            let warped = image.warped(by: map, padding: RGB(10, 20, 30))
            let (truth, inside) = (expected.image.image, expected.inside.labels)
            var largest = 0
            for index in inside.values.indices where inside.values[index] == 1 {
                for channel in 3 * index..<3 * index + 3 {
                    largest = max(largest, abs(Int(warped.pixels[channel]) - Int(truth.pixels[channel])))
                }
            }
            // Positions have 8 bits behind the point.
            #expect(largest <= 2, "\(expected.step) \(expected.amount)")
            #expect(inside.values.filter { $0 == 1 }.count > 300)
            let moved = labels.warped(by: map, padding: 255)
            let wrong = zip(moved.values, expected.labels.labels.values).filter { $0 != $1 }.count
            // A centre that falls on the line between two pixels may go to either.
            #expect(wrong <= 3, "\(expected.step) \(expected.amount): \(wrong)")
        }
    }

    @Test func magnitudesMeanWhatTorchvisionMeans() throws {
        #expect(Set(reference.magnitudes.map(\.step)) == Set(RandAugment.Operation.allCases.map(\.rawValue)))
        for expected in reference.magnitudes {
            let operation = try #require(RandAugment.Operation(rawValue: expected.step))
            let amount = operation.amount(expected.magnitude, width: 60, height: 40)
            #expect(abs(amount - expected.amount) < 1e-5, "\(expected.step) \(expected.magnitude): \(amount)")
            #expect(operation.isSigned == expected.signed)
        }
    }

    @Test func randAugmentDrawsFromItsWholeListAlike() {
        var counts: [String: Int] = [:]
        var moved = 0
        for index in 0..<4000 {
            var random = SeededRandom(1, index)
            let (map, colors) = RandAugment(count: 1, magnitude: 9, movesPixels: true).draw(width: 60, height: 40, &random)
            moved += map == nil ? 0 : 1
            for step in colors { counts[String("\(step)".prefix { $0 != "(" }), default: 0] += 1 }
            var again = SeededRandom(2, index)
            #expect(RandAugment(count: 3).draw(width: 60, height: 40, &again).map == nil)
        }
        // 5 of 14 move pixels; each of the others comes once in 14: 286 times, give or take five standard deviations of 16.
        #expect((1280...1580).contains(moved))
        #expect(counts.count == 8 && counts.values.allSatisfy { (206...366).contains($0) })
    }

    @Test func distortionFollowsMMSegmentation() {
        var counts: [String: Int] = [:]
        var contrastFirst = 0
        for index in 0..<4000 {
            var random = SeededRandom(3, index)
            let steps = PhotometricDistortion().steps(&random)
            for (place, step) in steps.enumerated() {
                counts[String("\(step)".prefix { $0 != "(" }), default: 0] += 1
                switch step {
                case .offset(let amount): #expect(abs(amount) <= 32 && place == 0)
                case .brightness(let factor):
                    #expect((0.5...1.5).contains(factor))
                    contrastFirst += steps[(place + 1)...].isEmpty ? 0 : 1
                case .vividness(let factor): #expect((0.5...1.5).contains(factor))
                case .hue(let turn): #expect(abs(turn) <= 0.1)
                default: Issue.record("\(step)")
                }
            }
        }
        #expect(counts.count == 4 && counts.values.allSatisfy { (1840...2160).contains($0) })
        // Contrast (1 / 2) comes first (1 / 2) and something follows it (3 / 4).
        #expect((640...860).contains(contrastFirst))
    }
}
