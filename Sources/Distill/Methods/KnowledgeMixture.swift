import Torch

/// What the teacher and the student know together of every class at every pixel, and how much of it is worth learning: HeteroAKD's
/// knowledge mixing and knowledge evaluation. All maps are B×K×h×w; none carries a gradient.
///
/// H(Z) is the binary cross-entropy of σ(Z) with the one-hot label Y, class by class:
/// - mixing: S = 1 − H(Zt) / (H(Zt) + H(Zs) + 1e-6), Zh = S·Zt + (1 − S)·Zs;
/// - evaluation: ΔH = max(0, H(Zs) − H(Zh)), W = softmax(H(Zs) + ΔH).
package struct KnowledgeMixture {
    /// S in [0, 1]: how far the teacher is to be believed.
    package let trust: Tensor
    /// Zh: the teacher's scores where it is right and the student's own where the teacher is wrong.
    package let scores: Tensor
    /// ΔH ≥ 0: what the student would gain by knowing Zh.
    package let gain: Tensor
    /// W: sums to 1 over the classes of a pixel, or over the pixels of a class.
    package let weights: Tensor

    /// - Parameters:
    ///   - signs: −1 at the labelled class, 1 elsewhere; see ``entropy(_:_:)``.
    ///   - ignored: B×1×h×w. Pixels that get no weight where the weights are taken over the pixels; nil: all get some.
    ///   - overPixels: whether the weights of a class sum to 1 over its pixels, instead of those of a pixel over its classes.
    package init(teacher: Tensor, student: Tensor, signs: Tensor, ignored: Tensor? = nil, overPixels: Bool = false) {
        let (zt, zs) = (teacher.detach(), student.detach())
        (trust, scores, gain, weights) = withoutGradients {
            let (ht, hs) = (Self.entropy(zt, signs), Self.entropy(zs, signs))
            let trust = 1 - ht / (ht + hs + 1e-6)
            let scores = zs + trust * (zt - zs)
            let gain = F.relu(hs - Self.entropy(scores, signs))
            let worth = hs + gain
            guard overPixels else { return (trust, scores, gain, worth.softmax(1)) }
            // Finite, so that an image without any label gives no NaN.
            let known = ignored.map { worth.maskedFill($0, -1e6) } ?? worth
            return (trust, scores, gain, known.flatten(2).softmax(2).reshape(worth.shape))
        }
    }

    /// H(Z) for every class and pixel. With a sign s, −1 at the labelled class and 1 elsewhere, it is log(1 + exp(s·Z)): nothing cancels.
    package static func entropy(_ scores: Tensor, _ signs: Tensor) -> Tensor { softplus(scores * signs, 1, 20) }

    /// −1 at the class of `targets` (B×1×h×w), 1 at the others: B×`classes`×h×w.
    package static func signs(_ targets: Tensor, classes: Int, dtype: DType) -> Tensor {
        let shape = [targets.size(0), classes, targets.size(2), targets.size(3)]
        let ones = Tensor.ones(shape, dtype: dtype, device: targets.device)
        return ones.scatter(1, targets, Tensor.full(targets.shape, -1, dtype: dtype, device: targets.device))
    }

    private static let softplus = Operator("aten::softplus")
}
