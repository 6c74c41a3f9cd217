import Torch

/// Σ over images of ‖FₛFₛᵀ − FₜFₜᵀ‖², F the N×C features of an image at length 1, without a matrix of N×N in memory and without a graph.
///
/// With M = Fₛ + Fₜ and D = Fₛ − Fₜ (the narrower one filled up with zeros) the difference is ½ (M Dᵀ + D Mᵀ), so its square is
/// ½ (⟨MᵀM, DᵀD⟩ + ⟨MᵀD, DᵀM⟩): matrices of C×C, and no difference of large numbers when the student is near its teacher.
/// Where there are fewer positions than that pays for, the difference itself is gone through in tiles of its upper half. Both are exact.
struct GramDistance {
    /// B×C×N each, of equal N.
    let teacher: Tensor
    let student: Tensor
    /// B×N, truth values; the other positions are no rows and no columns. Nil: all count.
    let counted: Tensor?

    func callAsFunction() -> Tensor {
        let isLearning = isRecordingGradients && student.requiresGrad
        let (value, slope) = inFullPrecision(on: student.device) { compute(isLearning) }
        return value.withSlope(slope, of: student)
    }

    private func compute(_ isLearning: Bool) -> (value: Tensor, slope: Tensor?) {
        let value = Tensor.zeros([], dtype: student.dtype, device: student.device)
        let slope = isLearning ? student.detach().zerosLike() : nil
        let channels = Self.isCheaperByChannels(student.size(1), teacher.size(1), positions: student.size(2))
        for image in 0..<student.size(0) {
            let vectors = UnitVectors(precise(student[image]), counted: counted?[image])
            let others = UnitVectors(precise(teacher[image]), counted: counted?[image]).vectors
            value.add_(distance(vectors.vectors, others, slope: slope?[image], byChannels: channels))
            if let slope { vectors.to(slope.dtype).pullBack(slope[image]) }
        }
        return (value, slope)
    }

    /// Multiplications with addition: five products of N·C², against half of two products of N²·C and one of N²·Cₛ.
    static func isCheaperByChannels(_ student: Int, _ teacher: Int, positions: Int) -> Bool {
        let width = max(student, teacher)
        return 5 * width * width < positions * (width + student)
    }

    /// Rounding features at length 1 to float32 would be seen in the difference of two that are nearly equal.
    private func precise(_ map: Tensor) -> Tensor { map.device.kind == .mps ? map.detach() : map.detach().to(.float64) }

    /// From C×N: the transposes of the formula's.
    private func distance(_ student: Tensor, _ teacher: Tensor, slope: Tensor?, byChannels: Bool) -> Tensor {
        let width = max(student.size(0), teacher.size(0))
        let (wideStudent, wideTeacher) = (filled(student, to: width), filled(teacher, to: width))
        let (sum, difference) = ((wideStudent + wideTeacher).to(self.student.dtype), (wideStudent - wideTeacher).to(self.student.dtype))
        return byChannels ? self.byChannels(sum, difference, slope) : byPositions(sum, difference, student.to(sum.dtype), slope)
    }

    private func filled(_ vectors: Tensor, to width: Int) -> Tensor {
        vectors.size(0) == width ? vectors : vectors.pad([0, 0, 0, width - vectors.size(0)])
    }

    private func byChannels(_ sum: Tensor, _ difference: Tensor, _ slope: Tensor?) -> Tensor {
        let sums = sum.matmul(sum.transpose(0, 1))
        let differences = difference.matmul(difference.transpose(0, 1))
        let mixed = sum.matmul(difference.transpose(0, 1))
        if let slope {
            // 4 (FₛFₛᵀ − FₜFₜᵀ) Fₛ = 2 (M Dᵀ + D Mᵀ) Fₛ, and 2 Fₛ = M + D.
            let own = 0..<slope.size(0)
            slope.addMatmul_((differences + mixed)[own], sum).addMatmul_((sums + mixed.transpose(0, 1))[own], difference)
        }
        return ((sums * differences).sum() + (mixed * mixed.transpose(0, 1)).sum()) * 0.5
    }

    private func byPositions(_ sum: Tensor, _ difference: Tensor, _ student: Tensor, _ slope: Tensor?) -> Tensor {
        let value = Tensor.zeros([], dtype: student.dtype, device: student.device)
        let size = RelationLimits(for: student.device).tile
        for tile in RelationTile.all(student.size(1), sameImage: true, size: size) {
            let twice = tile.symmetricProducts(sum, difference)
            value.add_(twice.square().sum())
            value.add_(twice[.all, tile.mirroredColumns].square().sum())
            if let slope { tile.addSlopes(twice, student, student, scale: 2, to: (slope, slope)) }
        }
        return value * 0.25
    }

    /// Bytes beside the inputs, for B×C×N maps: of the gradient, which stays until the backward pass, and of what is freed before.
    static func memory(batch: Int, channels: Int, teacherChannels: Int, positions: Int) -> (gradient: Int, working: Int) {
        let width = max(channels, teacherChannels)
        let matrices =
            isCheaperByChannels(channels, teacherChannels, positions: positions)
            ? 6 * width * width : 3 * min(RelationLimits(for: .cpu).tile, positions * positions)
        return (4 * batch * channels * positions, 4 * (12 * width * positions + matrices))
    }
}
