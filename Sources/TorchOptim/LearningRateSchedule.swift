#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The learning rate as a pure function of the step, so that nothing about it has to be saved.
///
/// A warm-up rises in a straight line from `warmupRatio · base` to `base` over `warmupSteps` steps; then the course begins
/// and takes what is left of `steps`. That is `SequentialLR([LinearLR, …])` of PyTorch, and MMSegmentation 1.x.
public struct LearningRateSchedule: Sendable, Equatable {
    /// How the rate goes after the warm-up; t runs from 0 to 1. `minimum` is a part of the base rate.
    public enum Course: Sendable, Equatable {
        case constant
        /// minimum + (1 − minimum) · (1 − t)^power: `PolynomialLR`, MMSegmentation's `poly`.
        case poly(power: Double = 0.9, minimum: Double = 0)
        /// minimum + (1 − minimum) · (1 + cos πt) / 2: `CosineAnnealingLR` (Loshchilov and Hutter 2017, without restarts).
        case cosine(minimum: Double = 0)
        /// Multiplied by `gamma` at each of `milestones`, which are steps counted from the start of training,
        /// warm-up included: `MultiStepLR`.
        case step(milestones: [Int], gamma: Double = 0.1)
    }

    /// The rate at the top.
    public var base: Double
    /// Steps of the whole training; later steps have the last rate.
    public var steps: Int
    public var course: Course
    public var warmupSteps: Int
    public var warmupRatio: Double

    public init(base: Double, steps: Int, course: Course, warmupSteps: Int = 0, warmupRatio: Double = 0.001) {
        self.base = base
        self.steps = steps
        self.course = course
        self.warmupSteps = warmupSteps
        self.warmupRatio = warmupRatio
    }

    /// The rate that step number `step` uses; the first step is 0.
    public func rate(at step: Int) -> Double {
        if step < warmupSteps {
            return base * (warmupRatio + (1 - warmupRatio) * Double(step) / Double(warmupSteps))
        }
        let t = min(Double(step - warmupSteps) / Double(max(steps - warmupSteps, 1)), 1)
        switch course {
        case .constant: return base
        case .poly(let power, let minimum): return base * (minimum + (1 - minimum) * pow(1 - t, power))
        case .cosine(let minimum): return base * (minimum + (1 - minimum) * (1 + cos(.pi * t)) / 2)
        case .step(let milestones, let gamma):
            return base * pow(gamma, Double(milestones.count { $0 <= step }))
        }
    }
}
