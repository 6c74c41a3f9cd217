import Torch

/// Sets values to zero with probability `p` while training and scales the rest: `torch.nn.Dropout`.
public final class Dropout: Module, Layer {
    public let p: Double

    public init(_ p: Double = 0.5) { self.p = p }

    public func callAsFunction(_ x: Tensor) -> Tensor { isTraining && p > 0 ? F.dropout(x, p, training: true) : x }
}

/// As ``Dropout``, whole channels at a time: `torch.nn.Dropout2d`.
public final class Dropout2d: Module, Layer {
    public let p: Double

    public init(_ p: Double = 0.5) { self.p = p }

    public func callAsFunction(_ x: Tensor) -> Tensor { isTraining && p > 0 ? F.dropout2d(x, p, training: true) : x }
}
