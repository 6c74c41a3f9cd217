import Torch
import TorchNN

/// From prompts and an image's maps to masks.
final class MaskDecoder: Module {
    struct Configuration: Sendable, Equatable {
        var width = 256
        var layers = 2
        var heads = 8
        var hidden = 2048
        /// How much narrower attention between tokens and pixels is.
        var shrinking = 2
        /// Masks beside the one for an unambiguous prompt.
        var alternatives = 3
        var scoreLayers = 3
        var scoreHidden = 256
        /// Whether the best alternative takes the place of a mask whose outline is unsure.
        var replacesUnstable = true
        /// A mask is stable when its areas above ± `stabilityDelta` differ by less than 1 − `stabilityThreshold`.
        var stabilityDelta = 0.05
        var stabilityThreshold = 0.98
    }

    let objScoreToken: Table
    let iouToken: Table
    let maskTokens: Table
    let transformer: TwoWayTransformer
    let upscaleConv1: ConvTranspose2d
    let upscaleLayerNorm: LayerNorm
    let upscaleConv2: ConvTranspose2d
    let outputHypernetworksMlps: [FeedForward]
    let iouPredictionHead: FeedForward
    let predObjScoreHead: FeedForward
    let convS0: Conv2d
    let convS1: Conv2d
    private let shape: Configuration

    init(_ shape: Configuration) {
        self.shape = shape
        let (width, masks) = (shape.width, shape.alternatives + 1)
        (objScoreToken, iouToken, maskTokens) = (Table(1, width), Table(1, width), Table(masks, width))
        transformer = TwoWayTransformer(shape)
        upscaleConv1 = ConvTranspose2d(width, width / 4, kernel: 2, stride: 2)
        upscaleLayerNorm = LayerNorm(width / 4, eps: 1e-6)
        upscaleConv2 = ConvTranspose2d(width / 4, width / 8, kernel: 2, stride: 2)
        outputHypernetworksMlps = (0..<masks).map { _ in FeedForward(width, hidden: width, out: width / 8, count: 3) }
        iouPredictionHead = FeedForward(width, hidden: shape.scoreHidden, out: masks, count: shape.scoreLayers)
        predObjScoreHead = FeedForward(width, hidden: width, out: 1, count: 3)
        convS0 = Conv2d(width, width / 8, kernel: 1)
        convS1 = Conv2d(width, width / 4, kernel: 1)
    }

    /// One mask for each of K prompts.
    ///
    /// - Parameters:
    ///   - prompts_KPC: their tokens.
    ///   - maps: of one image.
    ///   - dense_C: what stands for a mask that is not given.
    func callAsFunction(_ prompts_KPC: Tensor, _ maps: SAM2.Embedding, dense_C: Tensor) -> SAM2.Masks {
        let (count, width) = (prompts_KPC.size(0), shape.width)
        let (height, across) = (maps.deep.size(2), maps.deep.size(3))
        let own = Tensor.concatenate([objScoreToken.weight, iouToken.weight, maskTokens.weight])
        let tokens = Tensor.concatenate([own.unsqueeze(0).expand([count] + own.shape), prompts_KPC], 1)
        let pixels = (maps.deep.flatten(2).transpose(1, 2) + dense_C).expand([count, height * across, width])
        let found = transformer(tokens, pixels, places: maps.places.flatten(2).transpose(1, 2))
        let map = found.pixels.transpose(1, 2).reshape(count, width, height, across)
        let middle = (upscaleConv1(map) + maps.middle).permute(0, 2, 3, 1)
        let fine = F.gelu(upscaleConv2(F.gelu(upscaleLayerNorm(middle)).permute(0, 3, 1, 2)) + maps.fine)
        let kernels = outputHypernetworksMlps.enumerated().map { $1(found.tokens[.all, 2 + $0]) }
        let products = Tensor.stack(kernels, 1).matmul(fine.flatten(2))
        let masks = products.reshape(count, kernels.count, fine.size(2), fine.size(3))
        let scores = iouPredictionHead(found.tokens[.all, 1]).sigmoid()
        let presence = predObjScoreHead(found.tokens[.all, 0]).squeeze(1)
        return choose(masks, scores, presence)
    }

    /// The mask of the first token, or the best alternative to one that is not stable.
    private func choose(_ masks: Tensor, _ scores: Tensor, _ presence: Tensor) -> SAM2.Masks {
        let (mask, score) = (masks[.all, 0], scores[.all, 0])
        guard shape.replacesUnstable, shape.alternatives > 0 else { return .init(logits: mask, scores: score, presence: presence) }
        func area(above limit: Double) -> Tensor { (mask.detach() .> limit).float.sum([1, 2]) }
        let (inner, outer) = (area(above: shape.stabilityDelta), area(above: -shape.stabilityDelta))
        let stability = Tensor.where(outer .> 0, inner / outer.clamp(min: 1), 1)
        let isStable = stability .>= shape.stabilityThreshold
        let (best, index) = scores[.all, 1...].max(1)
        let shapeOfOne = [masks.size(0), 1, masks.size(2), masks.size(3)]
        let other = masks[.all, 1...].gather(1, index.view(-1, 1, 1, 1).expand(shapeOfOne)).squeeze(1)
        return .init(
            logits: .where(isStable.view(-1, 1, 1), mask, other), scores: .where(isStable, score, best), presence: presence)
    }
}
