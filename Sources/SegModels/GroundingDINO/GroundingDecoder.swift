import Torch
import TorchNN

/// Queries with boxes that every layer corrects.
final class GroundingDecoder: Module {
    let layers: [GroundingDecoderLayer]
    let layerNorm: LayerNorm
    let referencePointsHead: Perceptron
    private let width: Int

    init(_ shape: GroundingDINO.Configuration) {
        width = shape.width
        layers = (0..<shape.decoderLayers).map { _ in GroundingDecoderLayer(shape) }
        layerNorm = LayerNorm(shape.width, eps: shape.eps)
        referencePointsHead = Perceptron([2 * shape.width, shape.width, shape.width])
    }

    /// What a query adds to know where it is.
    func places(_ boxes_BQ4: Tensor) -> Tensor { referencePointsHead(waves(boxes_BQ4, channels: width / 2)) }
}

/// Queries look at each other, at the words, and at places of the maps around their boxes.
final class GroundingDecoderLayer: Module {
    let selfAttn: ProjectedAttention
    let selfAttnLayerNorm: LayerNorm
    let encoderAttnText: ProjectedAttention
    let encoderAttnTextLayerNorm: LayerNorm
    let encoderAttn: DeformableAttention
    let encoderAttnLayerNorm: LayerNorm
    let fc1: Linear
    let fc2: Linear
    let finalLayerNorm: LayerNorm
    private let activation: Activation

    init(_ shape: GroundingDINO.Configuration) {
        func norm() -> LayerNorm { LayerNorm(shape.width, eps: shape.eps) }
        selfAttn = ProjectedAttention(shape.width, heads: shape.decoderHeads)
        encoderAttnText = ProjectedAttention(shape.width, heads: shape.decoderHeads)
        encoderAttn = DeformableAttention(shape.width, heads: shape.decoderHeads, levels: shape.levels, points: shape.decoderPoints)
        (selfAttnLayerNorm, encoderAttnTextLayerNorm, encoderAttnLayerNorm, finalLayerNorm) = (norm(), norm(), norm(), norm())
        (fc1, fc2) = (Linear(shape.width, shape.decoderHidden), Linear(shape.decoderHidden, shape.width))
        activation = Activation(shape.activation)
    }

    func callAsFunction(
        _ queries_BQC: Tensor, places_BQC: Tensor, boxes_BQ4: Tensor, words_BTC: Tensor, pixels_BNC: Tensor, _ grid: SamplingGrid
    ) -> Tensor {
        let placed = queries_BQC + places_BQC
        var x = selfAttnLayerNorm(queries_BQC + selfAttn(placed, keys_BNC: placed, values_BNC: queries_BQC))
        x = encoderAttnTextLayerNorm(x + encoderAttnText(x + places_BQC, keys_BNC: words_BTC, values_BNC: words_BTC))
        x = encoderAttnLayerNorm(x + encoderAttn(x + places_BQC, pixels_BNC, boxes_BQ4: boxes_BQ4, grid))
        return finalLayerNorm(x + fc2(activation(fc1(x))))
    }
}

/// How well vectors of pixels or queries fit those of words: their products; in MM-Grounding-DINO scaled, and with a bias.
final class WordScore: Module {
    let bias: Tensor?

    init(isScaled: Bool) {
        // Rare at first: one in a hundred.
        bias = isScaled ? Tensor.full([], -4.595_119_850_134_59) : nil
        super.init()
        markTrainable()
    }

    /// B×N×C and B×T×C to B×N×T, before the sigmoid.
    func callAsFunction(_ x_BNC: Tensor, _ words_BTC: Tensor) -> Tensor {
        let products = x_BNC.matmul(words_BTC.transpose(1, 2))
        return bias.map { products * (1 / Double(x_BNC.size(2)).squareRoot()) + $0 } ?? products
    }
}
