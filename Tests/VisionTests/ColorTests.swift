import Support
import Testing
import Vision

@Suite struct ColorTests {
    struct Jitter: Decodable {
        struct Case: Decodable {
            let step: String
            let amount: Double
            let expected: Pixels

            var change: ColorStep {
                switch step {
                case "brightness": .brightness(amount)
                case "contrast": .contrast(amount)
                case "saturation": .saturation(amount)
                default: .hue(amount)
                }
            }
        }
        let image: Pixels
        let cases: [Case]
    }

    @Test func everyStepEqualsTorchvision() throws {
        let fixture = try Fixture.load("jitter", as: Jitter.self)
        #expect(Set(fixture.cases.map(\.step)).count == 4)
        for expected in fixture.cases {
            let adjusted = fixture.image.image.adjusted([expected.change])
            #expect(adjusted.difference(from: expected.expected.image) <= 1, "\(expected.step) \(expected.amount)")
        }
    }

    @Test func stepsAppliedTogetherEqualStepsAppliedOneByOne() {
        let image = pattern(width: 29, height: 13)
        let steps: [ColorStep] = [.brightness(1.3), .contrast(0.6), .hue(0.1), .contrast(1.4), .saturation(1.5), .brightness(0.8)]
        let oneByOne = steps.reduce(image) { $0.adjusted([$1]) }
        #expect(image.adjusted(steps) == oneByOne)
    }

    @Test func drawsStayInTheirRangesAndRepeat() {
        let jitter = ColorJitter(brightness: 0.4, contrast: 0.3, saturation: 2, hue: 0.1)
        var orders = Set<String>()
        for index in 0..<200 {
            var random = SeededRandom(1, 2, index)
            var again = random
            let steps = jitter.steps(&random)
            #expect(steps == jitter.steps(&again))
            #expect(steps.count == 4)
            for step in steps {
                switch step {
                case .brightness(let factor): #expect((0.6...1.4).contains(factor))
                case .contrast(let factor): #expect((0.7...1.3).contains(factor))
                case .saturation(let factor): #expect((0...3).contains(factor))
                case .hue(let turn): #expect((-0.1...0.1).contains(turn))
                default: Issue.record("the jitter has no \(step)")
                }
            }
            orders.insert(steps.map { "\($0)".prefix(2) }.joined())
        }
        #expect(orders.count == 24)
    }
}
