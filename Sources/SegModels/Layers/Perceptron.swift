import Torch
import TorchNN

/// Linear layers with ReLU between them; `layers.0`, `layers.1`, … in files.
final class Perceptron: Module, Layer {
    let layers: [Linear]

    /// - Parameter widths: of the input, of what lies between, and of the output.
    init(_ widths: [Int]) { layers = zip(widths, widths.dropFirst()).map { Linear($0, $1) } }

    func callAsFunction(_ x: Tensor) -> Tensor {
        var x = layers[0](x)
        for layer in layers.dropFirst() { x = layer(F.relu_(x)) }
        return x
    }
}
