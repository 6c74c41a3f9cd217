import Torch
import TorchNN

/// Linear layers with ReLU between them, under transformers' names.
final class FeedForward: Module {
    let projIn: Linear
    let layers: [Linear]
    let projOut: Linear

    /// - Parameter count: of the layers, at least 2.
    init(_ width: Int, hidden: Int, out: Int, count: Int) {
        projIn = Linear(width, hidden)
        layers = (0..<count - 2).map { _ in Linear(hidden, hidden) }
        projOut = Linear(hidden, out)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { projOut(layers.reduce(F.relu_(projIn(x))) { F.relu_($1($0)) }) }
}

/// Tokens and the image's pixels that look at each other (Kirillov et al. 2023).
final class TwoWayTransformer: Module {
    let layers: [TwoWayLayer]
    let finalAttnTokenToImage: ProjectedAttention
    let layerNormFinalAttn: LayerNorm

    init(_ shape: MaskDecoder.Configuration) {
        layers = (0..<shape.layers).map { TwoWayLayer(shape, isFirst: $0 == 0) }
        finalAttnTokenToImage = ProjectedAttention(shape.width, inner: shape.width / shape.shrinking, heads: shape.heads)
        layerNormFinalAttn = LayerNorm(shape.width)
    }

    /// - Parameters:
    ///   - tokens_KTC: what the tokens are at first tells them apart in every layer.
    ///   - places: of the pixels, 1×N×C.
    func callAsFunction(_ tokens_KTC: Tensor, _ pixels_KNC: Tensor, places: Tensor) -> (tokens: Tensor, pixels: Tensor) {
        var (tokens, pixels) = (tokens_KTC, pixels_KNC)
        for layer in layers { (tokens, pixels) = layer(tokens, pixels, own: tokens_KTC, places: places) }
        let found = finalAttnTokenToImage(tokens + tokens_KTC, keys_BNC: pixels + places, values_BNC: pixels)
        return (layerNormFinalAttn(tokens + found), pixels)
    }
}

/// Tokens look at each other and at the pixels, each goes through an MLP, and the pixels look at the tokens.
final class TwoWayLayer: Module {
    let selfAttn: ProjectedAttention
    let layerNorm1: LayerNorm
    let crossAttnTokenToImage: ProjectedAttention
    let layerNorm2: LayerNorm
    let mlp: FeedForward
    let layerNorm3: LayerNorm
    let layerNorm4: LayerNorm
    let crossAttnImageToToken: ProjectedAttention
    private let isFirst: Bool

    init(_ shape: MaskDecoder.Configuration, isFirst: Bool) {
        self.isFirst = isFirst
        func cross() -> ProjectedAttention { ProjectedAttention(shape.width, inner: shape.width / shape.shrinking, heads: shape.heads) }
        func norm() -> LayerNorm { LayerNorm(shape.width) }
        selfAttn = ProjectedAttention(shape.width, heads: shape.heads)
        (crossAttnTokenToImage, crossAttnImageToToken) = (cross(), cross())
        // transformers makes it as deep as the transformer.
        mlp = FeedForward(shape.width, hidden: shape.hidden, out: shape.width, count: shape.layers)
        (layerNorm1, layerNorm2, layerNorm3, layerNorm4) = (norm(), norm(), norm(), norm())
    }

    func callAsFunction(_ tokens: Tensor, _ pixels: Tensor, own: Tensor, places: Tensor) -> (tokens: Tensor, pixels: Tensor) {
        var x = tokens
        if isFirst {
            x = layerNorm1(selfAttn(x, keys_BNC: x, values_BNC: x))
        } else {
            x = layerNorm1(x + selfAttn(x + own, keys_BNC: x + own, values_BNC: x))
        }
        let placed = pixels + places
        x = layerNorm2(x + crossAttnTokenToImage(x + own, keys_BNC: placed, values_BNC: pixels))
        x = layerNorm3(x + mlp(x))
        return (x, layerNorm4(pixels + crossAttnImageToToken(placed, keys_BNC: x + own, values_BNC: x)))
    }
}
