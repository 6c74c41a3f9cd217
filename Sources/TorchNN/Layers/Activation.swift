import Torch

/// Activations without parameters, by PyTorch's names.
public final class Activation: Module, Layer {
    public enum Kind: String, Sendable {
        case identity, relu, relu6, silu, gelu, hardswish, hardsigmoid, sigmoid, tanh
    }

    public let kind: Kind

    public init(_ kind: Kind) { self.kind = kind }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch kind {
        case .identity: x
        case .relu: F.relu(x)
        case .relu6: F.relu6(x)
        case .silu: F.silu(x)
        case .gelu: F.gelu(x)
        case .hardswish: F.hardswish(x)
        case .hardsigmoid: F.hardsigmoid(x)
        case .sigmoid: x.sigmoid()
        case .tanh: x.tanh()
        }
    }
}

/// max(0, x) + a · min(0, x) with one trained slope a channel: `torch.nn.PReLU`.
public final class PReLU: Module, Layer {
    public let weight: Tensor

    public init(_ channels: Int = 1, initial: Double = 0.25) {
        weight = Tensor.full([channels], initial)
        super.init()
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { F.prelu(x, weight) }
}
