import Torch

/// Layers one after the other, numbered or named as in `torch.nn.Sequential`.
public final class Sequential: Module, Layer {
    public let layers: [any Layer]
    private let names: [String]

    public init(_ layers: [any Layer]) {
        self.layers = layers
        names = layers.indices.map(String.init)
    }

    public convenience init(_ layers: (any Layer)...) { self.init(layers) }

    /// Layers under names of their own.
    public init(named layers: [(String, any Layer)]) {
        self.layers = layers.map(\.1)
        names = layers.map(\.0)
    }

    public override var members: [(key: String, member: Member)] {
        zip(names, layers).map { ($0, .module($1)) }
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        var result = x
        for layer in layers { result = layer(result) }
        return result
    }
}
