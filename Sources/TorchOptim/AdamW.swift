import Support
import Torch
import TorchNN

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), `torch.optim.AdamW`, on LibTorch's fused kernel.
///
/// p ← p − rate · weightDecay · p; m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²;
/// p ← p − rate · m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), t counting each parameter's own steps.
public final class AdamW: Optimizer {
    public let groups: [ParameterGroup]
    public let beta1: Double
    public let beta2: Double
    public let eps: Double
    /// By parameter; there is none before the parameter's first step.
    private var moments: [String: Moments] = [:]

    private struct Moments {
        let average: Tensor
        let squareAverage: Tensor
        /// The number of steps, float32 and on the parameter's device as the kernel wants it; exact up to 2²⁴.
        let steps: Tensor

        init(of parameter: Tensor) {
            average = parameter.zerosLike()
            squareAverage = parameter.zerosLike()
            steps = Tensor.zeros([], device: parameter.device)
        }
    }

    public init(_ groups: [ParameterGroup], beta1: Double = 0.9, beta2: Double = 0.999, eps: Double = 1e-8) {
        requireDistinctNames(groups)
        self.groups = groups
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
    }

    public func step(learningRate: Double, unless isBroken: Tensor?) {
        withoutGradients {
            for group in groups {
                let slots = Slot.all(in: group)
                guard !slots.isEmpty else { continue }
                let current = slots.map { slot in
                    if let found = moments[slot.name] { return found }
                    let new = Moments(of: slot.parameter)
                    moments[slot.name] = new
                    return new
                }
                let steps = current.map(\.steps)
                if let isBroken { Foreach.add_(steps, 1 - isBroken) } else { Foreach.add_(steps, 1) }
                Foreach.adamW_(
                    slots.map(\.parameter), gradients: slots.map(\.gradient), averages: current.map(\.average),
                    squareAverages: current.map(\.squareAverage), steps: steps,
                    learningRate: learningRate * group.learningRateScale, beta1: beta1, beta2: beta2,
                    weightDecay: group.weightDecay, eps: eps, unless: isBroken)
            }
        }
    }

    /// `exp_avg.`, `exp_avg_sq.` and `step.<parameter>` for each parameter that has been stepped.
    public var state: [(String, Tensor)] {
        parameters.flatMap { name, _ -> [(String, Tensor)] in
            guard let own = moments[name] else { return [] }
            return zip(Self.kinds, [own.average, own.squareAverage, own.steps]).map { ("\($0).\(name)", $1) }
        }
    }

    public func load(state: [String: Tensor]) throws {
        let sorted = try sortState(state, kinds: Self.kinds, parameters: parameters) { kind, parameter in
            kind == "step" ? [] : parameter.shape
        }
        var loaded: [String: Moments] = [:]
        try withoutGradients {
            for (name, parameter) in parameters {
                let stored = Self.kinds.compactMap { sorted[$0]?[name] }
                if stored.isEmpty { continue }
                guard stored.count == Self.kinds.count else {
                    throw UserError(
                        "the optimiser's state of \(name) is not complete: expected \(Self.kinds.joined(separator: ", "))",
                        hint: "The checkpoint was not written by AdamW; continue with the recipe that it was written with.")
                }
                let own = Moments(of: parameter)
                for (target, source) in zip([own.average, own.squareAverage, own.steps], stored) { target.copy_(source) }
                loaded[name] = own
            }
        }
        moments = loaded
    }

    private static let kinds = ["exp_avg", "exp_avg_sq", "step"]
}
