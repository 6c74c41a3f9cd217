import Torch

/// What a teacher takes the pixels of a batch for.
public struct PixelPseudoLabels {
    /// The likeliest class: B×H×W int64.
    public let classes: Tensor
    /// Its probability: B×H×W.
    public let confidence: Tensor
    /// Whether the pixel is the image's rather than the crop's padding: B×H×W truth values.
    public let counts: Tensor

    public init(classes: Tensor, confidence: Tensor, counts: Tensor) {
        (self.classes, self.confidence, self.counts) = (classes, confidence, counts)
    }

    /// - Parameters:
    ///   - scores: the teacher's, B×K×H×W.
    ///   - counts: see ``counts``.
    public init(scores: Tensor, counts: Tensor) {
        let (confidence, classes) = scores.detach().fullPrecision.softmax(1).max(1)
        self.init(classes: classes, confidence: confidence, counts: counts)
    }

    /// All three changed alike: where images are mixed, so is what is known of them.
    public func map(_ change: (Tensor) -> Tensor) -> PixelPseudoLabels {
        PixelPseudoLabels(classes: change(classes), confidence: change(confidence), counts: change(counts))
    }

    /// The share of the counted pixels of which the teacher is sure: a scalar.
    public func sureShare(threshold: Double) -> Tensor { isSure(threshold).sum().float / counts.sum().clamp(min: 1) }

    /// FixMatch's loss: the cross-entropy of the pixels of which the teacher is sure, over the number of all that count.
    ///
    /// L = Σ_p [counts_p ∧ confidence_p ≥ threshold] · −log softmax(scores_p)[classes_p] / Σ_p [counts_p]; 0 where none counts.
    /// - Parameter scores: the student's, B×K×H×W.
    public func crossEntropy(_ scores: Tensor, threshold: Double) -> Tensor {
        let none = -1
        let targets = Tensor.where(isSure(threshold), classes, .full([], Double(none), dtype: .int64, device: classes.device))
        let sum = F.crossEntropy(scores.fullPrecision.pixelRows, targets.flatten(), reduction: .sum, ignore: none)
        return sum / counts.sum().clamp(min: 1)
    }

    private func isSure(_ threshold: Double) -> Tensor { counts .& (confidence .>= threshold) }
}
