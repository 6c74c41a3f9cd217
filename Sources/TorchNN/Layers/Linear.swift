import Torch

/// x Wᵀ + b over the last dimension, `torch.nn.Linear`.
public final class Linear: Module, Layer {
    public let weight: Tensor
    public let bias: Tensor?

    public init(_ inFeatures: Int, _ outFeatures: Int, bias: Bool = true) {
        weight = Tensor.empty([outFeatures, inFeatures])
        self.bias = bias ? Tensor.empty([outFeatures]) : nil
        super.init()
        Initializer.linearDefault(weight: weight, bias: self.bias)
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { F.linear(x, weight, bias: bias) }
}
