import Torch

/// Σ over the anchors that count of −log(exp s⁺ / (exp s⁺ + Σ exp s⁻)): each position of the weak view, its place in the strong view as
/// positive, and R other positions of the weak view as negatives; s = cosine / temperature.
///
/// The P×P matrix of products is computed a few rows at a time, each tile gives the value and, where gradients are recorded, the
/// gradients of both embeddings; nothing else is remembered and nothing computed twice.
package struct PixelContrast {
    package let sampler: NegativeSampler
    /// R; fewer where there are not so many candidates.
    package let count: Int
    package let temperature: Double
    /// Whether max(0, s⁻ − ½) stands in the place of s⁻.
    package let hasHinge: Bool
    /// Numbers in a tile; nil: what suits the device.
    package let tile: Int?

    private static let margin = 0.5

    package init(_ sampler: NegativeSampler, count: Int, temperature: Double, hasHinge: Bool = false, tile: Int? = nil) {
        (self.sampler, self.count, self.temperature, self.hasHinge, self.tile) = (sampler, count, temperature, hasHinge, tile)
    }

    private typealias Slopes = (weak: Tensor, strong: Tensor)

    /// The sum, a scalar.
    /// - Parameters:
    ///   - weak: P×D in rows of length 1.
    ///   - strong: as `weak`.
    ///   - negatives: P×R positions in the place of random ones.
    package func callAsFunction(_ weak: Tensor, _ strong: Tensor, negatives: Tensor? = nil) -> Tensor {
        let isLearning = isRecordingGradients && (weak.requiresGrad || strong.requiresGrad)
        let (value, slopes) = inFullPrecision(on: weak.device) { compute(weak, strong, negatives, isLearning) }
        guard let slopes else { return value }
        let (weakSlope, strongSlope) = slopes
        return value.withGradient(of: [weak, strong]) { _, gradient in [weakSlope * gradient, strongSlope * gradient] }
    }

    private func compute(_ weak: Tensor, _ strong: Tensor, _ negatives: Tensor?, _ isLearning: Bool) -> (value: Tensor, slopes: Slopes?) {
        let value = Tensor.zeros([], dtype: weak.dtype, device: weak.device)
        let slopes: Slopes? = isLearning ? (weak.zerosLike(), strong.zerosLike()) : nil
        guard negatives != nil || sampler.candidateCount > 0 else { return (value, slopes) }
        let tile = tile ?? RelationLimits(for: weak.device).tile
        for image in 0..<sampler.images {
            let all = sampler.rows(of: image)
            let columns = negatives == nil ? sampler.columns(of: image) : 0..<weak.size(0)
            let height = max(1, tile / columns.count)
            for start in stride(from: all.lowerBound, to: all.upperBound, by: height) {
                let rows = start..<min(start + height, all.upperBound)
                let drawn: (places: Tensor, isMissing: Tensor?) =
                    if let negatives { (negatives[rows], nil) } else { draw(rows, of: image, like: weak) }
                add(rows, columns, weak, strong, drawn.places, drawn.isMissing, to: value, slopes)
            }
        }
        return (value, slopes)
    }

    private func draw(_ rows: Range<Int>, of image: Int, like embeddings: Tensor) -> (places: Tensor, isMissing: Tensor?) {
        let weights = sampler.weights(rows, of: image, like: embeddings)
        let (places, isMissing) = NegativeSampler.draw(min(count, sampler.candidateCount), from: weights)
        // Where everything counts, every row has enough.
        return (places, sampler.counted == nil ? nil : isMissing)
    }

    /// - Parameter places: rows×R of the columns; none counts where `isMissing` says so.
    private func add(
        _ rows: Range<Int>, _ columns: Range<Int>, _ weak: Tensor, _ strong: Tensor, _ places: Tensor, _ isMissing: Tensor?,
        to value: Tensor, _ slopes: Slopes?
    ) {
        let (anchors, others, positives) = (weak[rows], weak[columns], strong[rows])
        let products = anchors.matmul(others.transpose(0, 1))
        var scores = products.gather(1, places).mul_(1 / temperature)
        let rises = hasHinge ? scores .> Self.margin : nil
        if hasHinge { scores = (scores - Self.margin).clamp_(min: 0) }
        if let isMissing { scores = scores.maskedFill(isMissing, -.infinity) }
        let positive = (anchors * positives).sum(1, keepDimensions: true).mul_(1 / temperature)
        let logs = Tensor.concatenate([positive, scores], 1).logSoftmax(1)
        let counted = sampler.counted?[rows].unsqueeze(1)
        let ofPositives = logs[.all, 0..<1]
        value.sub_((counted.map { ofPositives * $0 } ?? ofPositives).sum())
        guard let slopes else { return }
        // The positive's share less 1 is what the negatives' add up to, without the rounding.
        let shares = logs[.all, 1...].exp().mul_(1 / temperature)
        if let counted { shares.mul_(counted) }
        let pull = -shares.sum(1, keepDimensions: true)
        if let rises { shares.mul_(rises) }
        // A negative may be given twice.
        let spread = products.zerosLike().scatterAdd(1, places, shares)
        slopes.weak[rows].addMatmul_(spread, others).addProduct_(pull, positives)
        slopes.weak[columns].addMatmul_(spread.transpose(0, 1), anchors)
        slopes.strong[rows].addProduct_(pull, anchors)
    }

    /// Bytes beside the embeddings (P×D) and their gradients.
    static func memory(positions: Int, width: Int, posterior: Int) -> Int {
        let tile = max(RelationLimits(for: .cpu).tile, positions)
        // Both gradients before the factor that the loss gives them; a tile's weights, numbers, keys, products and their slopes.
        return 4 * (positions * (2 * width + posterior) + 5 * min(tile, positions * positions))
    }
}
