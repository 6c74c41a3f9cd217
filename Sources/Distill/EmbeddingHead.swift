import Torch
import TorchNN

/// SSKD's head from an encoder's map to the embeddings that are contrasted: three linear maps without bias, ReLU between them.
final class EmbeddingHead: Module {
    let layers: [Linear]

    override class var keys: [String: String] { ["layers": ""] }

    init(from channels: Int, width: Int) {
        layers = [Linear(channels, width, bias: false), Linear(width, width, bias: false), Linear(width, width, bias: false)]
    }

    /// P×C to P×width.
    func callAsFunction(_ x: Tensor) -> Tensor { layers[2](F.relu(layers[1](F.relu(layers[0](x))))) }

    /// Starts from the weights of another.
    func copy(_ other: EmbeddingHead) {
        withoutGradients {
            for (own, theirs) in zip(parameters(), other.parameters()) { own.copy_(theirs) }
        }
    }
}
