import Torch
import TorchNN

/// Two linear layers with an activation between them, as in every block of a transformer; `fc1` and `fc2` in files.
final class Mlp: Module, Layer {
    let fc1: Linear
    let fc2: Linear
    private let activation: Activation
    private let dropout: Dropout

    /// - Parameter dropout: how likely a value is dropped after either layer while training.
    init(_ width: Int, hidden: Int, activation: Activation.Kind = .gelu, bias: Bool = true, dropout: Double = 0) {
        fc1 = Linear(width, hidden, bias: bias)
        fc2 = Linear(hidden, width, bias: bias)
        self.activation = Activation(activation)
        self.dropout = Dropout(dropout)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { dropout(fc2(dropout(activation(fc1(x))))) }
}
