import Torch

extension Divergence {
    /// How differently rows are similar to keys: Σ wᵢ KL(softmax(tᵢ Kᵀ / τ) ‖ softmax(sᵢ Kᵀ / τ)), exactly, without the rows × keys
    /// matrix: a chunk of rows at a time gives the value and, where gradients are recorded, ∂/∂sᵢ = wᵢ/τ · (pₛ − pₜ) K.
    ///
    /// - Parameters:
    ///   - student: N×C, of length 1. - teacher: N×C, without gradient. - keys: M×C, without gradient.
    ///   - weights: N.
    static func toKeys(student: Tensor, teacher: Tensor, keys: Tensor, weights: Tensor, temperature: Double) -> Tensor {
        let (value, gradient) = withoutGradients {
            parts(student, teacher, keys, weights, temperature, wantsGradient: student.requiresGrad)
        }
        return gradient.map { gradient in value.withGradient(of: [student]) { _, scale in [gradient * scale] } } ?? value
    }

    /// Entries of the similarities that are held at a time: 16 MiB.
    private static let chunk = 1 << 22

    private static func parts(
        _ student: Tensor, _ teacher: Tensor, _ keys: Tensor, _ weights: Tensor, _ temperature: Double, wantsGradient: Bool
    ) -> (value: Tensor, gradient: Tensor?) {
        let rows = max(1, chunk / keys.size(0))
        let transposed = keys.to(student.dtype).transpose(0, 1) / temperature
        var value = Tensor.zeros([], dtype: student.dtype, device: student.device)
        let gradient = wantsGradient ? student.emptyLike() : nil
        for start in stride(from: 0, to: student.size(0), by: rows) {
            let range = start..<min(start + rows, student.size(0))
            let weight = weights[range].unsqueeze(1)
            let logStudent = student[range].matmul(transposed).logSoftmax(1)
            let logTeacher = teacher[range].matmul(transposed).logSoftmax(1)
            let target = logTeacher.exp()
            value = value + (target * logTeacher.sub_(logStudent)).sum([1], keepDimensions: true).mul_(weight).sum()
            if let gradient {
                gradient[range] = (logStudent.exp().sub_(target)).mul_(weight).matmul(transposed.transpose(0, 1))
            }
        }
        return (value, gradient)
    }
}
