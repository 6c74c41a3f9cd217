import Torch

enum Divergence {
    private static let op = Operator("aten::kl_div")

    /// Σ p (log p − log q) over everything, from log-probabilities; no gradient for `teacher`.
    static func kullbackLeibler(teacher logP: Tensor, student logQ: Tensor) -> Tensor {
        op(logQ, logP, F.Reduction.sum.rawValue, true)
    }
}
