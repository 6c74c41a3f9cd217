import Torch
import TorchNN

/// Stochastic depth (Huang et al. 2016): while training, a residual branch is left out for a whole image with probability `rate`, and is
/// larger for the others, so that its mean stays.
final class DropPath: Module, Layer {
    private static let bernoulli = Operator("aten::bernoulli_.float")

    let rate: Double

    init(_ rate: Double) { self.rate = rate }

    /// B×….
    func callAsFunction(_ x: Tensor) -> Tensor {
        guard isTraining, rate > 0 else { return x }
        let shape = [x.size(0)] + Array(repeating: 1, count: x.dimensions - 1)
        let kept = withoutGradients { Self.bernoulli(Tensor.empty(shape, dtype: x.dtype, device: x.device), 1 - rate) }
        return x * (rate < 1 ? kept * (1 / (1 - rate)) : kept)
    }

    /// Rates that grow from block to block, from nothing to `last`.
    static func rates(upTo last: Double, count: Int) -> [Double] {
        (0..<count).map { count > 1 ? last * Double($0) / Double(count - 1) : 0 }
    }
}
