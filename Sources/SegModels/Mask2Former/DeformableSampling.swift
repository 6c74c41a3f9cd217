import Torch

/// Weighted sums of bilinear samples, zeros outside of the maps: what deformable attention reads. Computed in float32.
///
/// A sample is a sum of four pixels, so the sum over levels and points is one bag of 4·L·P rows with as many weights: `embedding_bag`
/// adds them up where they lie, and nothing of the size queries × samples × width is ever made. The gradient of the values is such a sum
/// too, over the samples that touch a pixel. Both passes go through heads and queries in parts, so that the tables of rows and weights are
/// bounded; they are computed again in the backward pass.
struct DeformableSampling {
    /// B×N×H×D.
    let values: Tensor
    /// B×Q×H×S×2.
    let offsets: Tensor
    /// B×Q×H×S.
    let attention: Tensor
    let grid: SamplingGrid

    init(_ values_BNHD: Tensor, _ offsets_BQHLP2: Tensor, _ weights_BQHLP: Tensor, _ grid: SamplingGrid) {
        (values, self.grid) = (values_BNHD, grid)
        offsets = offsets_BQHLP2.flatten(3, 4)
        attention = weights_BQHLP.flatten(3)
    }

    /// B×Q×H×D.
    func sums() -> Tensor {
        let result = Tensor.empty(Array(attention.shape.prefix(3)) + [values.size(3)], dtype: .float32, device: values.device)
        forEachPart { image, heads, parts in
            let padded = grid.withMargins(values[image, .all, heads])
            for queries in parts {
                let part = result[image, queries, heads]
                let bags = Self.bags(of: corners(image, queries, heads))
                part.copy_(Self.sums(of: padded, bags.rows, bags.starts, bags.weights).reshape(part.shape))
            }
        }
        return result
    }

    /// Those of values, offsets and attention, from that of ``sums()``.
    func gradients(_ gradient_BQHD: Tensor) -> (values: Tensor, offsets: Tensor, attention: Tensor) {
        let found = (values: values.emptyLike(), offsets: offsets.emptyLike(), attention: attention.emptyLike())
        forEachPart { image, heads, parts in
            let padded = grid.withMargins(values[image, .all, heads])
            let ofPadded = padded.zerosLike()
            for queries in parts {
                let corners = corners(image, queries, heads)
                let bags = Self.bags(of: corners)
                let gradient = gradient_BQHD[image, queries, heads].reshape(-1, padded.size(1))
                ofPadded.add_(Self.spread(gradient, bags, rows: padded.size(0)))
                let ofWeights = Self.weightGradient(gradient, padded, bags.rows, bags.starts, bags.owners, 0)
                    .view(queries.count, heads.count, 2, 2, grid.samples)
                write(ofWeights, corners, into: found.offsets, found.attention, at: image, queries, heads)
            }
            grid.removeMargins(ofPadded, into: found.values[image, .all, heads])
        }
        return found
    }

    /// From the gradients of the four pixels' weights those of attention and place: the sample's bilinear form and its two slopes.
    private func write(
        _ gradient_QHYXS: Tensor, _ corners: SamplingGrid.Corners, into offsets: Tensor, _ attention: Tensor, at image: Int,
        _ queries: Range<Int>, _ heads: Range<Int>
    ) {
        let (x, y) = (corners.fractions[.all, .all, .all, 0], corners.fractions[.all, .all, .all, 1])
        let (left, right) = (gradient_QHYXS[.all, .all, .all, 0], gradient_QHYXS[.all, .all, .all, 1])
        let lines = Self.lerp(left, right, x.unsqueeze(2))
        let across = right - left
        let (above, below) = (lines[.all, .all, 0], lines[.all, .all, 1])
        attention[image, queries, heads].copy_(Self.lerp(above, below, y))
        let weights = self.attention[image, queries, heads]
        let ofPlace = offsets[image, queries, heads]
        ofPlace[.all, .all, .all, 0].copy_(Self.lerp(across[.all, .all, 0], across[.all, .all, 1], y).mul_(weights))
        ofPlace[.all, .all, .all, 1].copy_((below - above).mul_(weights))
    }

    private func corners(_ image: Int, _ queries: Range<Int>, _ heads: Range<Int>) -> SamplingGrid.Corners {
        grid.around(offsets[image, queries, heads].float, attention[image, queries, heads].float, queries: queries)
    }

    /// Entries of the tables of one part: large enough that the calls don't count, small enough for a processor's cache.
    private var entriesOfPart: Int { values.device.kind == .cpu ? 1 << 18 : 1 << 22 }

    /// As many heads as fit; of a head that doesn't fit some queries after the others.
    private func forEachPart(_ body: (_ image: Int, _ heads: Range<Int>, _ queries: [Range<Int>]) -> Void) {
        let (batch, queries, heads) = (attention.size(0), attention.size(1), attention.size(2))
        let bags = max(1, entriesOfPart / (4 * grid.samples))
        func parts(_ count: Int, of size: Int) -> [Range<Int>] { stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) } }
        for image in 0..<batch {
            for heads in parts(heads, of: min(heads, max(1, bags / queries))) {
                body(image, heads, parts(queries, of: min(queries, bags)))
            }
        }
    }

    // MARK: Bags of rows

    private struct Bags {
        let rows: Tensor
        let weights: Tensor
        /// Where each bag begins.
        let starts: Tensor
        /// Which bag an entry belongs to.
        let owners: Tensor
    }

    private static func bags(of corners: SamplingGrid.Corners) -> Bags {
        let (entries, size) = (corners.rows.count, corners.rows.size(2) * corners.rows.size(3))
        let device = corners.rows.device
        let starts = Tensor.arange(0, entries, step: size, dtype: .int32, device: device)
        let owners = Tensor.arange(0, entries / size, dtype: .int32, device: device).unsqueeze(1).expand([entries / size, size])
        return Bags(rows: corners.rows.view(-1), weights: corners.weights.view(-1), starts: starts, owners: owners.reshape(-1))
    }

    /// For each bag the sum of its rows times their weights.
    private static func sums(of table: Tensor, _ rows: Tensor, _ starts: Tensor, _ weights: Tensor) -> Tensor {
        embeddingBag.many(table, rows, starts, false, 0, false, weights)[0]
    }

    /// For each row the sum, over the entries that name it, of their bags' gradients times their weights: sorted by rows, that is a sum of
    /// bags the other way round.
    private static func spread(_ gradient: Tensor, _ bags: Bags, rows: Int) -> Tensor {
        let (sorted, order) = bags.rows.sort()
        let starts = searchsorted(sorted, Tensor.arange(0, rows, dtype: .int32, device: sorted.device), true)
        return sums(of: gradient, bags.owners.indexSelect(0, order), starts, bags.weights.indexSelect(0, order))
    }

    private static let embeddingBag = Operator("aten::_embedding_bag_forward_only")
    private static let weightGradient = Operator("aten::_embedding_bag_per_sample_weights_backward")
    private static let searchsorted = Operator("aten::searchsorted.Tensor")
    private static let lerp = Operator("aten::lerp.Tensor")
}
