import SegTesting
import Testing
import Torch
import TorchOptim

@Suite struct ScheduleTests {
    private static func schedule(_ course: LearningRateSchedule.Course, warmup: Int = 0) -> LearningRateSchedule {
        LearningRateSchedule(base: 0.01, steps: 50, course: course, warmupSteps: warmup, warmupRatio: 0.1)
    }

    private static let cases: [String: LearningRateSchedule] = [
        "poly": schedule(.poly(power: 0.9)),
        "poly.square": schedule(.poly(power: 2)),
        "cosine": schedule(.cosine()),
        "cosine.minimum": schedule(.cosine(minimum: 0.1)),
        "step": schedule(.step(milestones: [20, 40])),
        "milestones": schedule(.step(milestones: [15, 40], gamma: 0.5)),
        "warmup.poly": schedule(.poly(power: 0.9), warmup: 10),
        "warmup.cosine": schedule(.cosine(), warmup: 10),
        "warmup.step": schedule(.step(milestones: [30, 50]), warmup: 10),
    ]

    /// PyTorch multiplies last step's rate by a quotient, step after step, so a few units in the 15th digit add up.
    @Test("like torch.optim.lr_scheduler", arguments: cases.keys.sorted())
    func rates(_ name: String) throws {
        let expected = try Training.fixture["schedule.\(name)"]
        let schedule = Self.cases[name]!
        let rates = (0..<expected.count).map { schedule.rate(at: $0) }
        for (step, (rate, reference)) in zip(rates, expected.array(of: Double.self)).enumerated() {
            try assertClose(rate, reference, relative: 1e-12, "\(name), step \(step)")
        }
    }

    @Test func everyCaseOfTheFixtureIsTested() {
        #expect(Set(Training.fixture.tensors(under: "schedule.").keys) == Set(Self.cases.keys))
    }

    @Test func beyondTheEndTheLastRateStays() {
        #expect(Self.schedule(.poly(power: 0.9, minimum: 0.1)).rate(at: 50) == 0.001)
        #expect(Self.schedule(.poly(power: 0.9, minimum: 0.1)).rate(at: 500) == 0.001)
        #expect(Self.schedule(.constant, warmup: 10).rate(at: 500) == 0.01)
        #expect(Self.schedule(.constant, warmup: 10).rate(at: 0) == 0.001)
    }
}
