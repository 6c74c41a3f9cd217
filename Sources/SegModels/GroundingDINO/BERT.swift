import Torch
import TorchNN

/// The text encoder BERT (Devlin et al. 2019), without dropout: it is read, not trained.
final class BERT: Module {
    struct Configuration: Sendable, Equatable {
        var width = 768
        var layers = 12
        var heads = 12
        var hidden = 3072
        var pieces = 30_522
        /// How many places it knows.
        var places = 512
        /// Kinds of text: a pair's first and second.
        var kinds = 2
        var activation = Activation.Kind.gelu
        var eps = 1e-12
    }

    let wordEmbeddings: Table
    let positionEmbeddings: Table
    let tokenTypeEmbeddings: Table
    let norm: LayerNorm
    let layers: [BERTLayer]

    init(_ shape: Configuration) {
        wordEmbeddings = Table(shape.pieces, shape.width)
        positionEmbeddings = Table(shape.places, shape.width)
        tokenTypeEmbeddings = Table(shape.kinds, shape.width)
        norm = LayerNorm(shape.width, eps: shape.eps)
        layers = (0..<shape.layers).map { _ in BERTLayer(shape) }
    }

    /// - Parameters:
    ///   - ids_T: of the text's pieces.
    ///   - places_T: of each in its phrase.
    ///   - mask_TT: truth values: which pieces see each other.
    /// - Returns: 1×T×C.
    func callAsFunction(_ ids_T: Tensor, places_T: Tensor, mask_TT: Tensor) -> Tensor {
        let words = wordEmbeddings.weight.indexSelect(0, ids_T)
        let places = positionEmbeddings.weight.indexSelect(0, places_T)
        let x = norm(words + places + tokenTypeEmbeddings.weight[0]).unsqueeze(0)
        let mask = mask_TT.unsqueeze(0).unsqueeze(0)
        return layers.reduce(x) { $1($0, mask) }
    }
}

/// Attention and an MLP, each added to its input and normalised.
final class BERTLayer: Module {
    let attn: ProjectedAttention
    let norm1: LayerNorm
    let mlp: Mlp
    let norm2: LayerNorm

    init(_ shape: BERT.Configuration) {
        attn = ProjectedAttention(shape.width, heads: shape.heads)
        norm1 = LayerNorm(shape.width, eps: shape.eps)
        mlp = Mlp(shape.width, hidden: shape.hidden, activation: shape.activation)
        norm2 = LayerNorm(shape.width, eps: shape.eps)
    }

    func callAsFunction(_ x_BTC: Tensor, _ mask: Tensor) -> Tensor {
        let x = norm1(x_BTC + attn(x_BTC, keys_BNC: x_BTC, values_BNC: x_BTC, mask: mask))
        return norm2(x + mlp(x))
    }
}
