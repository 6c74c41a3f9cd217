import Torch

/// How far the student's similarities between positions are from the teacher's, row by row:
///
/// Σ over images p, q and positions i of p: wᵢ · KL(softmaxⱼ(⟨xᵢ, yⱼ⟩ / τ) of the teacher ‖ of the student), x and y the features of p and q
/// at length 1.
///
/// Exact, without a whole matrix in memory and without a graph: see ``RelationPair``.
package struct RelationDivergence {
    private let teacher: Tensor
    private let student: Tensor
    private let weights: Tensor
    private let temperature: Double
    private let limits: RelationLimits

    /// Products of unit vectors over τ stay within ±1 / τ, so exponentials need no shift by their row's maximum, and rows and columns share
    /// them. Below this τ, float32 cannot hold them and float64 is used; below ``coldest``, neither can.
    private static let coldestInFloat32 = 1 / 32.0
    static let coldest = 1 / 512.0

    /// - Parameters:
    ///   - teacher, student: B×C×N, of equal N.
    ///   - weights: B×N: wᵢ. Positions of weight 0 are no columns either.
    package init(teacher: Tensor, student: Tensor, weights: Tensor, temperature: Double, limits: RelationLimits? = nil) {
        (self.teacher, self.student, self.weights, self.temperature) = (teacher, student, weights, temperature)
        self.limits = limits ?? RelationLimits(for: student.device)
    }

    /// - Parameter acrossImages: every ordered pair of images, not only each with itself.
    package func callAsFunction(acrossImages: Bool) -> Tensor {
        let isLearning = isRecordingGradients && student.requiresGrad
        let (value, slope) = inFullPrecision(on: student.device) { compute(acrossImages: acrossImages, isLearning) }
        return value.withSlope(slope, of: student)
    }

    private func compute(acrossImages: Bool, _ isLearning: Bool) -> (value: Tensor, slope: Tensor?) {
        let type: DType = temperature < Self.coldestInFloat32 ? .float64 : student.dtype
        let count = student.size(0)
        let value = Tensor.zeros([], dtype: type, device: student.device)
        let slope = isLearning ? student.detach().to(type).zerosLike() : nil
        for first in 0..<count {
            let image = features(first, type)
            for second in first..<(acrossImages ? count : first + 1) {
                let pair = RelationPair(image, second == first ? image : features(second, type), sameImage: second == first, limits)
                value.add_(pair.value(addingSlopesTo: slope.map { ($0[first], $0[second]) }))
            }
        }
        if let slope {
            for image in 0..<count { features(image, type).student.pullBack(slope[image]) }
        }
        return (value.to(student.dtype), slope?.to(student.dtype))
    }

    /// Cheap beside the products, so it is done again for each pair.
    private func features(_ image: Int, _ type: DType) -> RelationFeatures {
        let scale = 1 / temperature.squareRoot()
        return RelationFeatures(
            teacher: UnitVectors(teacher[image].detach().to(type), scale: scale).vectors,
            student: UnitVectors(student[image].detach().to(type), scale: scale), weights: weights[image].to(type))
    }

    /// Bytes beside the inputs, for B×C×N maps: of the gradient, which stays until the backward pass, and of what is freed before.
    static func memory(batch: Int, channels: Int, teacherChannels: Int, positions: Int) -> (gradient: Int, working: Int) {
        let limits = RelationLimits(for: .cpu)
        let matrices = min(limits.kept, 2 * positions * positions) + 5 * min(limits.tile, positions * positions)
        return (4 * batch * channels * positions, 4 * (3 * (channels + teacherChannels) * positions + matrices))
    }
}
