import Torch
import TorchNN

/// Multi-scale deformable attention (Zhu et al., ICLR 2021): each head of a query reads a few places of every map, chosen by the
/// query itself, and sums them with weights that it also chooses. Names are the authors'.
package final class DeformableAttention: Module {
    let samplingOffsets: Linear
    let attentionWeights: Linear
    let valueProj: Linear
    let outputProj: Linear
    private let heads: Int
    private let levels: Int
    private let points: Int

    init(_ width: Int, heads: Int, levels: Int, points: Int = 4) {
        (self.heads, self.levels, self.points) = (heads, levels, points)
        samplingOffsets = Linear(width, heads * levels * points * 2)
        attentionWeights = Linear(width, heads * levels * points)
        valueProj = Linear(width, width)
        outputProj = Linear(width, width)
        super.init()
        initialize()
    }

    /// As the authors start: the heads look in as many directions, the points ever further, all with the same weight.
    private func initialize() {
        for linear in [samplingOffsets, attentionWeights] {
            Initializer.constant(linear.weight, 0)
            Initializer.constant(linear.bias!, 0)
        }
        for linear in [valueProj, outputProj] {
            Initializer.xavierUniform(linear.weight)
            Initializer.constant(linear.bias!, 0)
        }
        let angles = Tensor.arange(0, heads, dtype: .float32) * (2 * Double.pi / Double(heads))
        let circle = Tensor.stack([angles.cos(), angles.sin()], 1)
        let directions_H112 = (circle / circle.abs().amax([1], keepDimensions: true)).view(heads, 1, 1, 2)
        let distances_P1 = Tensor.arange(1, points + 1, dtype: .float32).view(1, 1, points, 1)
        let offsets = (directions_H112 * distances_P1).expand([heads, levels, points, 2]).reshape([-1])
        withoutGradients { _ = samplingOffsets.bias!.copy_(offsets) }
    }

    /// - Parameters:
    ///   - query_BQC: with positions; one query for every place of the maps, in the order of `memory_BNC`.
    ///   - memory_BNC: the maps' pixels, map after map, each row-major.
    ///   - grid: where the queries stand.
    func callAsFunction(_ query_BQC: Tensor, _ memory_BNC: Tensor, _ grid: SamplingGrid) -> Tensor {
        sample(query_BQC, memory_BNC, offsets(query_BQC), grid)
    }

    /// For queries that have boxes: an offset of as many units as a head has points leads from the box's centre to its edge.
    ///
    /// - Parameters:
    ///   - boxes_BQ4: centre and size, x first, as parts of the image.
    ///   - grid: one made without places.
    func callAsFunction(_ query_BQC: Tensor, _ memory_BNC: Tensor, boxes_BQ4: Tensor, _ grid: SamplingGrid) -> Tensor {
        let boxes = boxes_BQ4.unsqueeze(2).unsqueeze(2).unsqueeze(2)
        let (centres, sizes) = (boxes.slice(-1, 0, 2), boxes.slice(-1, 2, 4))
        let places = centres + offsets(query_BQC) * sizes * (0.5 / Double(points))
        return sample(query_BQC, memory_BNC, places * grid.sizes_L12 - 0.5, grid)
    }

    /// B×Q×H×L×P×2.
    private func offsets(_ query_BQC: Tensor) -> Tensor {
        samplingOffsets(query_BQC).reshape(query_BQC.size(0), query_BQC.size(1), heads, levels, points, 2)
    }

    private func sample(_ query_BQC: Tensor, _ memory_BNC: Tensor, _ offsets: Tensor, _ grid: SamplingGrid) -> Tensor {
        let (batch, count, width) = (query_BQC.size(0), query_BQC.size(1), query_BQC.size(2))
        let value = valueProj(memory_BNC).reshape(batch, memory_BNC.size(1), heads, width / heads)
        let weights = attentionWeights(query_BQC).reshape(batch, count, heads, levels * points).softmax(-1)
        let sum = Self.sample(value, offsets, weights.reshape(batch, count, heads, levels, points), grid)
        return outputProj(sum.to(query_BQC.dtype))
    }

    /// Weighted sums of bilinear samples, zeros outside of the maps; computed in float32. See ``DeformableSampling``.
    ///
    /// - Parameters:
    ///   - value_BNHD: rows of all maps for each head.
    ///   - offsets_BQHLP2: from the query's own place, in pixels of each map, x first.
    ///   - weights_BQHLP: of each sample.
    /// - Returns: B×Q×(H·D).
    package static func sample(_ value_BNHD: Tensor, _ offsets_BQHLP2: Tensor, _ weights_BQHLP: Tensor, _ grid: SamplingGrid) -> Tensor {
        let inputs = [value_BNHD, offsets_BQHLP2, weights_BQHLP]
        let sums = withoutGradients { DeformableSampling(value_BNHD, offsets_BQHLP2, weights_BQHLP, grid).sums() }
        return sums.withGradient(of: inputs) { inputs, gradient in
            let found = DeformableSampling(inputs[0], inputs[1], inputs[2], grid).gradients(gradient)
            return [found.values, found.offsets.reshape(inputs[1].shape), found.attention.reshape(inputs[2].shape)]
        }.flatten(2)
    }
}
