import Torch

extension Divergence {
    /// How differently rows are similar to keys: Σ wᵢ KL(softmax(tᵢ Kᵀ / τ) ‖ softmax(sᵢ Kᵀ / τ)), exactly, without the rows × keys
    /// matrix: a few rows at a time give the value and, where gradients are recorded, ∂/∂sᵢ = wᵢ/τ · (pₛ − pₜ) K.
    ///
    /// - Parameters:
    ///   - student: N×C, of length 1. - teacher: N×C, of length 1, without gradient. - keys: M×C, of length 1, without gradient.
    ///   - weights: N.
    static func toKeys(student: Tensor, teacher: Tensor, keys: Tensor, weights: Tensor, temperature: Double) -> Tensor {
        let isLearning = isRecordingGradients && student.requiresGrad
        let (value, slope) = inFullPrecision(on: student.device) { parts(student, teacher, keys, weights, temperature, isLearning) }
        return value.withSlope(slope, of: student)
    }

    /// Similarities that are held at a time, 16 MiB of each kind. Fewer rows at a time make slow matrix products.
    private static let tile = 1 << 22

    private static func parts(
        _ student: Tensor, _ teacher: Tensor, _ keys: Tensor, _ weights: Tensor, _ temperature: Double, _ isLearning: Bool
    ) -> (value: Tensor, slope: Tensor?) {
        let rows = max(1, tile / keys.size(0))
        let keys_CM = keys.to(student.dtype).transpose(0, 1) / temperature
        let value = Tensor.zeros([], dtype: student.dtype, device: student.device)
        let slope = isLearning ? student.emptyLike() : nil
        for start in stride(from: 0, to: student.size(0), by: rows) {
            let range = start..<min(start + rows, student.size(0))
            let weight = weights[range].unsqueeze(1)
            let logStudent = student[range].matmul(keys_CM).logSoftmax(1)
            let logTeacher = teacher[range].matmul(keys_CM).logSoftmax(1)
            let target = logTeacher.exp()
            value.add_((target * logTeacher.sub_(logStudent)).sum([1], keepDimensions: true).mul_(weight).sum())
            if let slope { slope[range] = logStudent.exp().sub_(target).mul_(weight).matmul(keys_CM.transpose(0, 1)) }
        }
        return (value, slope)
    }
}
