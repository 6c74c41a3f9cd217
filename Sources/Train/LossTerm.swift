import Torch

/// A part of a batch's loss: the task's, the auxiliary head's, or a method's.
struct LossTerm {
    let name: String
    /// Its factor in the total.
    let weight: Double
    /// Before the factor: a scalar with its graph. Nil while the factor is 0 and nothing is computed.
    let value: Tensor?
    /// What the value consists of, in the method's words and before the factor; and an opponent's loss beside it.
    let parts: [(name: String, value: Tensor)]

    init(_ name: String, weight: Double, _ value: Tensor?, parts: [(name: String, value: Tensor)] = []) {
        self.name = name
        self.weight = weight
        self.value = value
        self.parts = parts
    }

    /// The task's loss where a teacher's objects stand for labels: a term of its own.
    func onPseudoLabels(weight factor: Double) -> LossTerm {
        LossTerm("pseudo-labels", weight: weight * factor, value, parts: parts)
    }

    /// Its part in a mean over more images than it was taken of.
    func ofShare(_ share: Double) -> LossTerm {
        share == 1 ? self : LossTerm(name, weight: weight, value.map { $0 * share }, parts: parts.map { ($0.name, $0.value * share) })
    }

    /// As it enters the total; nil where nothing is computed.
    var weighted: Tensor? { value.map { weight == 1 ? $0 : $0 * weight } }
}

extension [LossTerm] {
    /// Scalars by name before their factors, parts as `term.part`, without their graphs.
    var unweighted: [(name: String, value: Tensor)] {
        flatMap { term in
            (term.value.map { [(name: term.name, value: $0.detach())] } ?? [])
                + term.parts.map { (name: "\(term.name).\($0.name)", value: $0.value.detach()) }
        }
    }

    /// The sum of the weighted terms. At least one is computed.
    var total: Tensor {
        let terms = compactMap(\.weighted)
        return terms.dropFirst().reduce(terms[0]) { $0 + $1 }
    }

    /// The L2 norm of each weighted term's gradient on `parameters`, in the terms' order; 0 for a term that does not reach them. Keeps the
    /// graph for the backward pass that follows, and touches nobody's `grad`.
    func gradientNorms(on parameters: [Tensor]) -> [Tensor] {
        map { term in
            guard let value = term.value, value.requiresGrad else { return .zeros([], device: parameters[0].device) }
            let found = gradients(of: [value], for: parameters, retainGraph: true, allowUnused: true).filter(\.isDefined)
            guard !found.isEmpty else { return .zeros([], device: parameters[0].device) }
            return withoutGradients { Tensor.stack(Foreach.norms(found)).norm() * term.weight }
        }
    }
}

extension [String: Double] {
    /// Norms as parts of their sum; all 0 when there is nothing at all.
    init(sharesOf norms: [(name: String, norm: Double)]) {
        let sum = norms.reduce(0) { $0 + $1.norm }
        self.init(norms.map { ($0.name, sum > 0 ? $0.norm / sum : 0) }) { first, _ in first }
    }
}
