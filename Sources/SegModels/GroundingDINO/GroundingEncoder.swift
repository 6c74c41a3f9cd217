import Torch
import TorchNN

/// A layer of Grounding DINO's encoder: pixels and words look at each other, then words at words, and pixels at pixels.
final class GroundingEncoderLayer: Module {
    let fusionLayer: FusionLayer
    let textEnhancerLayer: TextLayer
    let deformableLayer: PixelLayer

    init(_ shape: GroundingDINO.Configuration) {
        fusionLayer = FusionLayer(shape)
        textEnhancerLayer = TextLayer(shape)
        deformableLayer = PixelLayer(shape)
    }
}

/// Pixels read words and words pixels, by the same products of both. What is added is scaled for each channel.
final class FusionLayer: Module {
    let layerNormVision: LayerNorm
    let layerNormText: LayerNorm
    let attn: MutualAttention
    let visionParam: Tensor
    let textParam: Tensor

    init(_ shape: GroundingDINO.Configuration) {
        layerNormVision = LayerNorm(shape.width, eps: shape.eps)
        layerNormText = LayerNorm(shape.width, eps: shape.eps)
        attn = MutualAttention(shape.width, inner: shape.encoderHidden / 2, heads: shape.encoderHeads / 2)
        visionParam = Tensor.full([shape.width], 1e-4)
        textParam = Tensor.full([shape.width], 1e-4)
        super.init()
        markTrainable()
    }

    /// B×N×C and B×T×C. The sums are with what the norms give, as in the authors' code.
    func callAsFunction(_ pixels_BNC: Tensor, _ words_BTC: Tensor) -> (pixels: Tensor, words: Tensor) {
        let (pixels, words) = (layerNormVision(pixels_BNC), layerNormText(words_BTC))
        let found = attn(pixels, words)
        return (pixels + visionParam * found.pixels, words + textParam * found.words)
    }
}

/// Attention of pixels to words and of words to pixels: the softmax is over the one or the other side of one matrix.
final class MutualAttention: Module {
    let visionProj: Linear
    let textProj: Linear
    let valuesVisionProj: Linear
    let valuesTextProj: Linear
    let outVisionProj: Linear
    let outTextProj: Linear
    private let heads: Int

    init(_ width: Int, inner: Int, heads: Int) {
        self.heads = heads
        (visionProj, textProj) = (Linear(width, inner), Linear(width, inner))
        (valuesVisionProj, valuesTextProj) = (Linear(width, inner), Linear(width, inner))
        (outVisionProj, outTextProj) = (Linear(inner, width), Linear(inner, width))
    }

    func callAsFunction(_ pixels_BNC: Tensor, _ words_BTC: Tensor) -> (pixels: Tensor, words: Tensor) {
        let (pixels, words) = (visionProj(pixels_BNC).splitHeads(heads), textProj(words_BTC).splitHeads(heads))
        let toPixels = F.attention(pixels, words, valuesTextProj(words_BTC).splitHeads(heads))
        let toWords = F.attention(words, pixels, valuesVisionProj(pixels_BNC).splitHeads(heads))
        return (outVisionProj(toPixels.joinedHeads), outTextProj(toWords.joinedHeads))
    }
}

/// Words look at those of their own phrase.
final class TextLayer: Module {
    let selfAttn: ProjectedAttention
    let layerNormBefore: LayerNorm
    let fc1: Linear
    let fc2: Linear
    let layerNormAfter: LayerNorm
    private let activation: Activation

    init(_ shape: GroundingDINO.Configuration) {
        selfAttn = ProjectedAttention(shape.width, heads: shape.encoderHeads / 2)
        layerNormBefore = LayerNorm(shape.width, eps: shape.eps)
        (fc1, fc2) = (Linear(shape.width, shape.encoderHidden / 2), Linear(shape.encoderHidden / 2, shape.width))
        layerNormAfter = LayerNorm(shape.width, eps: shape.eps)
        activation = Activation(shape.activation)
    }

    /// - Parameters:
    ///   - places_TC: waves of each word's place in its phrase.
    ///   - mask: 1×1×T×T truth values.
    func callAsFunction(_ words_BTC: Tensor, places_TC: Tensor, mask: Tensor) -> Tensor {
        let placed = words_BTC + places_TC
        let x = layerNormBefore(words_BTC + selfAttn(placed, keys_BNC: placed, values_BNC: words_BTC, mask: mask))
        return layerNormAfter(x + fc2(activation(fc1(x))))
    }
}

/// Pixels look at a few places of every map.
final class PixelLayer: Module {
    let selfAttn: DeformableAttention
    let selfAttnLayerNorm: LayerNorm
    let fc1: Linear
    let fc2: Linear
    let finalLayerNorm: LayerNorm
    private let activation: Activation

    init(_ shape: GroundingDINO.Configuration) {
        selfAttn = DeformableAttention(shape.width, heads: shape.encoderHeads, levels: shape.levels, points: shape.encoderPoints)
        selfAttnLayerNorm = LayerNorm(shape.width, eps: shape.eps)
        (fc1, fc2) = (Linear(shape.width, shape.encoderHidden), Linear(shape.encoderHidden, shape.width))
        finalLayerNorm = LayerNorm(shape.width, eps: shape.eps)
        activation = Activation(shape.activation)
    }

    func callAsFunction(_ pixels_BNC: Tensor, places_NC: Tensor, _ grid: SamplingGrid) -> Tensor {
        let x = selfAttnLayerNorm(pixels_BNC + selfAttn(pixels_BNC + places_NC, pixels_BNC, grid))
        return finalLayerNorm(x + fc2(activation(fc1(x))))
    }
}
