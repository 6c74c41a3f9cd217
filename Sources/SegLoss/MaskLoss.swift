import Torch

/// What ``MaskCriterion`` finds: the sums over all layers of the decoder, before their weights.
public struct MaskLoss {
    /// Cross-entropy of the queries' classes.
    public let classification: Tensor
    /// Binary cross-entropy of the matched masks.
    public let mask: Tensor
    /// Dice loss of the matched masks.
    public let dice: Tensor
    /// The weighted sum.
    public let total: Tensor
    /// By layer and image: for each true mask the query that it was given, nil where there are more masks than queries.
    public let assignments: [[[Int?]]]
}

/// The mask losses of rows of points, by a gradient that is written out.
enum PointLoss {
    /// - Parameters:
    ///   - logits: S×P.
    ///   - truth: S×P shares of the true masks.
    ///   - weights: of each point, in [0, 1]; nil where every point counts.
    /// - Returns: 2×S: the mean over the points of the binary cross-entropy, and 1 − (2 Σ σ(x) t + 1) / (Σ σ(x) + Σ t + 1).
    static func rows(_ logits: Tensor, _ truth: Tensor, weights: Tensor?) -> Tensor {
        let inside = weights.map { truth * $0 } ?? truth
        let everything = Tensor.full([logits.size(0)], Double(logits.size(1)), dtype: logits.dtype, device: logits.device)
        let count = weights.map { $0.sum([1]).clamp(min: 1e-6) } ?? everything
        let value = withoutGradients { () -> Tensor in
            let x = logits.detach()
            let softplus = Self.softplus(x)
            let entropy = (weights.map { softplus * $0 } ?? softplus) - x * inside
            let parts = dice(x.sigmoid(), inside, weights)
            return Tensor.stack([entropy.sum([1]) / count, 1 - parts.numerator / parts.denominator])
        }
        return value.withGradient(of: [logits]) { inputs, gradient in
            let probability = inputs[0].sigmoid()
            let parts = dice(probability, inside, weights)
            let ofMean = (gradient[0] / count).unsqueeze(1)
            let ofDice = (gradient[1] / parts.denominator.square()).unsqueeze(1)
            let slope = ofDice * parts.numerator.unsqueeze(1) - truth * (ofDice * 2.0 * parts.denominator.unsqueeze(1))
            let each = (probability * (1 - probability)).mul_(slope).add_((probability - truth).mul_(ofMean))
            return [weights.map { each * $0 } ?? each]
        }
    }

    private static func dice(_ probability: Tensor, _ inside: Tensor, _ weights: Tensor?) -> (numerator: Tensor, denominator: Tensor) {
        let sum = (weights.map { probability * $0 } ?? probability).sum([1])
        return ((probability * inside).sum([1]) * 2.0 + 1, sum + inside.sum([1]) + 1)
    }

    /// log(1 + eˣ), exact for large numbers of either sign, by functions that LibTorch has vectorised: its own takes ten times as long.
    static func softplus(_ x: Tensor) -> Tensor { x.clamp(min: 0).sub_(log(sigmoid(x.abs()))) }

    private static let sigmoid = Operator("aten::sigmoid_")
    private static let log = Operator("aten::log_")
}
