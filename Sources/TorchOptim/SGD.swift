import Torch
import TorchNN

/// Stochastic gradient descent with momentum, `torch.optim.SGD`, on LibTorch's fused kernel.
///
/// g ← gradient + weightDecay · p; b ← momentum · b + (1 − dampening) · g, and b ← g at a parameter's first step;
/// p ← p − rate · b, or p − rate · (g + momentum · b) with `nesterov`.
public final class SGD: Optimizer {
    public let groups: [ParameterGroup]
    public let momentum: Double
    public let dampening: Double
    public let nesterov: Bool
    /// By parameter; there is none before the parameter's first step.
    private var buffers: [String: Tensor] = [:]

    public init(_ groups: [ParameterGroup], momentum: Double = 0, dampening: Double = 0, nesterov: Bool = false) {
        precondition(!nesterov || (momentum > 0 && dampening == 0), "Nesterov's momentum needs a momentum and no dampening")
        requireDistinctNames(groups)
        self.groups = groups
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = nesterov
    }

    public func step(learningRate: Double, unless isBroken: Tensor?) {
        withoutGradients {
            for group in groups {
                let slots = Slot.all(in: group)
                let isNew = slots.map { momentum != 0 && buffers[$0.name] == nil }
                update(zip(slots, isNew).filter { $0.1 }.map(\.0), group, learningRate, isFirstStep: true, isBroken)
                update(zip(slots, isNew).filter { !$0.1 }.map(\.0), group, learningRate, isFirstStep: false, isBroken)
            }
        }
    }

    private func update(_ slots: [Slot], _ group: ParameterGroup, _ learningRate: Double, isFirstStep: Bool, _ isBroken: Tensor?) {
        guard !slots.isEmpty else { return }
        // Zero, not empty: a broken first step writes nothing there.
        if isFirstStep { for slot in slots { buffers[slot.name] = slot.parameter.zerosLike() } }
        Foreach.sgd_(
            slots.map(\.parameter), gradients: slots.map(\.gradient),
            momentumBuffers: momentum == 0 ? [] : slots.map { buffers[$0.name]! },
            learningRate: learningRate * group.learningRateScale, momentum: momentum, dampening: dampening,
            weightDecay: group.weightDecay, nesterov: nesterov, isFirstStep: isFirstStep, unless: isBroken)
    }

    /// `momentum_buffer.<parameter>` for each parameter that has been stepped.
    public var state: [(String, Tensor)] {
        parameters.compactMap { name, _ in buffers[name].map { ("\(Self.kind).\(name)", $0) } }
    }

    public func load(state: [String: Tensor]) throws {
        let sorted = try sortState(state, kinds: [Self.kind], parameters: parameters) { _, parameter in parameter.shape }
        let stored = sorted[Self.kind] ?? [:]
        withoutGradients {
            buffers = [:]
            for (name, parameter) in parameters {
                if let tensor = stored[name] { buffers[name] = parameter.emptyLike().copy_(tensor) }
            }
        }
    }

    private static let kind = "momentum_buffer"
}
