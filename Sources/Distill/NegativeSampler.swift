import Support
import Torch

/// Draws, for every position of a batch, others that it is to differ from: the less alike the network labels the two, the likelier.
///
/// With y(p) what the network says of a position: w(p, q) = max(0, 1 − ⟨y(p), y(q)⟩) + 10⁻⁶ for a candidate q, 0 for p itself and for what
/// is no candidate. Nothing here has a gradient.
package struct NegativeSampler {
    /// Which positions an anchor may be held against.
    package enum Candidates: String, Sendable {
        case all, others, same

        /// - Throws: `UserError` when a batch of so many images holds none.
        func check(batch: Int) throws {
            guard self == .others && batch < 2 else { return }
            throw UserError(
                "sskd-contrast: 'candidates: others' takes negatives from the other images of a batch, but a batch has 1 image",
                hint: "Give a batch 2 images at least (data.loader.batchSize, data.unlabelled.batchSize), or take 'candidates: all'.")
        }
    }

    /// Of the batch and of each of its images.
    let images: Int
    let positions: Int
    /// P×E, P = `images` · `positions`; nil: every candidate is as likely.
    let posteriors: Tensor?
    let candidates: Candidates
    /// P, truth values: what is drawn. Nil: everything.
    let counted: Tensor?

    /// Keeps candidates as like as they can be from never being drawn.
    private static let least = 1e-6
    private static let fillDiagonal = Operator("aten::fill_diagonal_")

    package init(images: Int, positions: Int, posteriors: Tensor?, candidates: Candidates, counted: Tensor? = nil) {
        (self.images, self.positions, self.posteriors, self.candidates, self.counted) = (images, positions, posteriors, candidates, counted)
    }

    /// The positions of an image.
    func rows(of image: Int) -> Range<Int> { image * positions..<(image + 1) * positions }

    /// The positions among which an image's negatives are.
    func columns(of image: Int) -> Range<Int> { candidates == .same ? rows(of: image) : 0..<images * positions }

    /// The candidates of each position when everything counts.
    var candidateCount: Int {
        switch candidates {
        case .all: images * positions - 1
        case .others: (images - 1) * positions
        case .same: positions - 1
        }
    }

    /// w(p, q) of some positions p of one image and the ``columns(of:)`` q; `like` says type and device.
    package func weights(_ rows: Range<Int>, of image: Int, like embeddings: Tensor) -> Tensor {
        let columns = columns(of: image)
        let weights: Tensor
        if let posteriors {
            let products = posteriors[rows].matmul(posteriors[columns].transpose(0, 1))
            weights = (1 + Self.least - products).clamp_(min: Self.least)
        } else {
            weights = .ones([rows.count, columns.count], dtype: embeddings.dtype, device: embeddings.device)
        }
        if candidates == .others {
            weights[.all, self.rows(of: image)].zero_()
        } else {
            let own = rows.lowerBound - columns.lowerBound..<rows.upperBound - columns.lowerBound
            Self.fillDiagonal.run(weights[.all, own], 0.0)
        }
        return counted.map { weights.mul_($0[columns]) } ?? weights
    }

    /// Draws `count` entries of each row without replacement, each time in proportion to what is left.
    ///
    /// It takes those of the largest log w + G with G from Gumbel's distribution. With u uniform, G = −log(−log u), so these are those of the
    /// largest log(u) / w (Efraimidis and Spirakis 2006), which takes one logarithm. LibTorch's generator draws u.
    /// - Returns: rows×count places in the row, and where something of weight 0 had to stand in because there was nothing else.
    package static func draw(_ count: Int, from weights: Tensor) -> (places: Tensor, isMissing: Tensor) {
        let keys = Tensor.rand(weights.shape, dtype: weights.dtype, device: weights.device).log() / weights
        let (best, places) = keys.topK(count, 1)
        return (places, best .== -.infinity)
    }
}
