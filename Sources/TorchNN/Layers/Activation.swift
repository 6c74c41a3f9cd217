import Torch

/// Activations without parameters, by PyTorch's names.
public final class Activation: Module, Layer {
    public enum Kind: String, Sendable {
        case identity, relu, relu6, silu, gelu, hardswish, hardsigmoid, sigmoid, tanh
        /// GELU by its approximation with tanh.
        case geluTanh
        /// x · sigmoid(1.702 x).
        case quickGelu
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
        case .geluTanh: F.gelu(x, approximate: "tanh")
        case .quickGelu: x * (x * 1.702).sigmoid()
        }
    }
}
