import Torch

/// Σ over the rows that count of ‖softmax(scale · q kᵀ) v − k‖²: how far the values v, mixed by what each query finds among the keys k, are
/// from the keys, exactly, without the N×N matrix of shares.
///
/// A few rows at a time give the value and, where gradients are recorded, the gradients of queries and values: with P the rows' shares and
/// E = 2 (P v − k), ∂/∂v = Pᵀ E and ∂/∂q = scale · (P ∘ (E vᵀ − row sums of P ∘ E vᵀ)) k. Five matrix products, as in PyTorch's graph, of
/// which nothing is remembered and nothing computed twice.
package struct AttentionError {
    /// B×N×C each.
    let queries: Tensor
    let values: Tensor
    /// Without gradient.
    let keys: Tensor
    /// B×N, truth values; the other positions are neither rows nor keys. Nil: all count.
    let counted: Tensor?
    let scale: Double

    package init(queries: Tensor, values: Tensor, keys: Tensor, counted: Tensor?, scale: Double) {
        (self.queries, self.values, self.keys, self.counted, self.scale) = (queries, values, keys, counted, scale)
    }

    private static let softmaxGradient = Operator("aten::_softmax_backward_data")
    private static let addProducts = Operator("aten::baddbmm_")

    private typealias Slopes = (queries: Tensor, values: Tensor)

    package func callAsFunction() -> Tensor {
        let isLearning = isRecordingGradients && (queries.requiresGrad || values.requiresGrad)
        let (value, slopes) = inFullPrecision(on: queries.device) { compute(isLearning) }
        guard let slopes else { return value }
        let (queriesSlope, valuesSlope) = slopes
        return value.withGradient(of: [queries, values]) { _, gradient in [queriesSlope * gradient, valuesSlope * gradient] }
    }

    private func compute(_ isLearning: Bool) -> (value: Tensor, slopes: Slopes?) {
        let value = Tensor.zeros([], dtype: queries.dtype, device: queries.device)
        let slopes: Slopes? = isLearning ? (queries.emptyLike(), values.zerosLike()) : nil
        let (batch, count) = (queries.size(0), queries.size(1))
        let tile = RelationLimits(for: queries.device).tile
        // Several small images at a time, or a few rows of a large one.
        let (images, rows) = (max(1, tile / (count * count)), max(1, tile / count))
        let leftOut = counted.map(Self.keysLeftOut)
        for image in stride(from: 0, to: batch, by: images) {
            let some = image..<min(image + images, batch)
            let part = AttentionError(
                queries: queries[some], values: values[some], keys: keys[some], counted: counted?[some], scale: scale)
            let partSlopes: Slopes? = slopes.map { ($0.queries[some], $0.values[some]) }
            for row in stride(from: 0, to: count, by: rows) {
                part.add(row..<min(row + rows, count), leftOut: leftOut?[some], to: value, partSlopes)
            }
        }
        return (value, slopes)
    }

    private func add(_ rows: Range<Int>, leftOut: Tensor?, to value: Tensor, _ slopes: Slopes?) {
        let own = queries[.all, rows]
        let products = (scale == 1 ? own : own * scale).matmul(keys.transpose(1, 2))
        let shares = (leftOut.map { products.maskedFill($0, -.infinity) } ?? products).softmax(2)
        let error = shares.matmul(values).sub_(keys[.all, rows])
        if let counted { error.mul_(counted[.all, rows].unsqueeze(2)) }
        value.add_(error.square().sum())
        guard let slopes else { return }
        error.mul_(2)
        Self.addProducts.run(slopes.values, shares.transpose(1, 2), error)
        let slope = Self.softmaxGradient(error.matmul(values.transpose(1, 2)), shares, 2, shares.dtype)
        slopes.queries[.all, rows] = scale == 1 ? slope.matmul(keys) : slope.matmul(keys) * scale
    }

    /// B×1×N, truth values. Of an image of which nothing counts all keys stay: its rows' shares are numbers, of weight 0.
    private static func keysLeftOut(_ counted: Tensor) -> Tensor {
        let hasSome = counted.long.amax([1], keepDimensions: true) .> 0
        return ((.!counted) .& hasSome).unsqueeze(1)
    }

    /// Bytes beside queries, values and keys (B×N×C), gradients included.
    static func memory(batch: Int, positions: Int, channels: Int) -> Int {
        // Gradients before and after the factor that the loss gives them; a tile's products, shares and their gradients.
        4 * (4 * batch * positions * channels + 4 * min(RelationLimits(for: .cpu).tile, batch * positions * positions))
    }
}
