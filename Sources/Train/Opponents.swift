import Distill
import Torch
import TorchOptim

/// What methods train against the student in the same step: each opponent has an Adam of its own, whose learning rate stays.
final class Opponents {
    private let trained: [(name: String, learningRate: Double, optimizer: AdamW)]
    /// Their parameters, which the student's optimiser leaves alone.
    let parameters: Set<ObjectIdentifier>

    init(_ opponents: [(name: String, opponent: Opponent)]) {
        trained = opponents.map { name, opponent in
            // Without decay, AdamW is Adam.
            let group = ParameterGroup(name: name, parameters: opponent.module.namedParameters().map { (name: $0, tensor: $1) })
            return (name, opponent.learningRate, AdamW([group], beta1: opponent.beta1, beta2: opponent.beta2))
        }
        parameters = Set(opponents.flatMap { $0.opponent.module.parameters().map { ObjectIdentifier($0) } })
    }

    func zeroGrad() {
        for opponent in trained { opponent.optimizer.zeroGrad() }
    }

    /// One step of those that have a gradient.
    /// - Parameter isBroken: where it is 1, nothing is changed.
    func step(unless isBroken: Tensor) {
        for opponent in trained { opponent.optimizer.step(learningRate: opponent.learningRate, unless: isBroken) }
    }

    /// The optimisers' state, for checkpoints.
    var state: [(String, Tensor)] {
        trained.flatMap { opponent in opponent.optimizer.state.map { ("\(opponent.name).\($0)", $1) } }
    }

    func load(state: [String: Tensor]) throws {
        for opponent in trained {
            let prefix = opponent.name + "."
            let own = state.filter { $0.key.hasPrefix(prefix) }
            try opponent.optimizer.load(
                state: Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) }))
        }
    }
}
