import Torch

/// One image in ``RelationDivergence``; features have the length 1 / √τ.
struct RelationFeatures {
    /// C×N.
    let teacher: Tensor
    let student: UnitVectors
    /// N.
    let weights: Tensor
    /// N: 1 where a position counts, else 0.
    let counted: Tensor

    init(teacher: Tensor, student: UnitVectors, weights: Tensor) {
        (self.teacher, self.student, self.weights) = (teacher, student, weights)
        counted = (weights .> 0.0).to(weights.dtype)
    }
}

/// The divergences of two images in both orders, or of one image with itself.
///
/// The row softmaxes of the pair (b, a) are the column softmaxes of (a, b), so each product is computed once for both, and the gradient with
/// the value: four matrix products for two ordered pairs, where PyTorch's graph takes eight; half of that for an image with itself.
/// A first pass adds up the exponentials, a second makes the gradient of them. What is remembered between the two is bounded
/// by ``RelationLimits``; what is beyond is computed again.
struct RelationPair {
    private let a: RelationFeatures
    private let b: RelationFeatures
    private let sameImage: Bool
    private let limits: RelationLimits

    /// exp of the products over τ.
    private typealias Exponentials = (teacher: Tensor, student: Tensor)

    init(_ a: RelationFeatures, _ b: RelationFeatures, sameImage: Bool, _ limits: RelationLimits) {
        (self.a, self.b, self.sameImage, self.limits) = (a, b, sameImage, limits)
    }

    /// The weighted sum of the divergences.
    /// - Parameter slopes: C×N, where the gradients of the student's features in `a` and `b` are added.
    func value(addingSlopesTo slopes: (a: Tensor, b: Tensor)?) -> Tensor {
        let tiles = RelationTile.all(a.weights.count, sameImage: sameImage, size: limits.tile)
        let rows = RelationSums(like: a.weights)
        let columns = sameImage ? rows : RelationSums(like: b.weights)
        var remembered: [Exponentials?] = []
        var room = slopes == nil ? 0 : limits.kept
        for tile in tiles {
            let found = addSums(tile, rows, columns)
            room -= 2 * found.student.count
            remembered.append(room >= 0 ? found : nil)
        }
        if let slopes {
            let (rowFactors, columnFactors) = (rows.factors(a.weights), columns.factors(b.weights))
            for (index, tile) in tiles.enumerated() {
                let found = remembered[index] ?? exponentials(tile)
                remembered[index] = nil
                tile.addSlopes(slope(tile, found, rowFactors, columnFactors), a.student.vectors, b.student.vectors, to: slopes)
            }
        }
        let value = rows.divergence(a.weights)
        return sameImage ? value : value.add_(columns.divergence(b.weights))
    }

    private func products(_ tile: RelationTile) -> Exponentials {
        (tile.products(a.teacher, b.teacher), tile.products(a.student.vectors, b.student.vectors))
    }

    private func exponentials(_ tile: RelationTile) -> Exponentials {
        let (teacher, student) = products(tile)
        return (teacher.exp_(), student.exp_())
    }

    private func addSums(_ tile: RelationTile, _ rows: RelationSums, _ columns: RelationSums) -> Exponentials {
        let (teacher, student) = products(tile)
        let difference = teacher - student
        teacher.exp_()
        student.exp_()
        difference.mul_(teacher)
        let (rowsCounted, columnsCounted) = (a.counted[tile.rows], b.counted[tile.columns])
        for (matrix, kind) in [(student, RelationSums.student), (teacher, RelationSums.teacher), (difference, RelationSums.difference)] {
            rows.table[kind, tile.rows].add_(matrix.matmul(columnsCounted))
            guard !tile.mirrored.isEmpty else { continue }
            columns.table[kind, tile.mirrored].add_(rowsCounted.matmul(matrix[.all, tile.mirroredColumns]))
        }
        return (teacher, student)
    }

    /// The gradient of the tile's products over τ, in place of the student's exponentials.
    private func slope(_ tile: RelationTile, _ found: Exponentials, _ rows: RelationSums.Factors, _ columns: RelationSums.Factors) -> Tensor
    {
        /// Row i's factor where column j counts, and column j's where row i does.
        func factors(_ row: Tensor, _ column: Tensor) -> Tensor {
            let left = Tensor.stack([row[tile.rows], a.counted[tile.rows]], 1)
            return left.matmul(Tensor.stack([b.counted[tile.columns], column[tile.columns]]))
        }
        let slope = found.student.mul_(factors(rows.student, columns.student))
        return slope.addProduct_(found.teacher, factors(rows.teacher, columns.teacher), scale: -1)
    }
}

/// What a softmax and its divergence need of each row: Σⱼ e^sᵢⱼ, Σⱼ e^tᵢⱼ and Σⱼ e^tᵢⱼ (tᵢⱼ − sᵢⱼ), s the student's products and t the teacher's.
struct RelationSums {
    static let (student, teacher, difference) = (0, 1, 2)
    /// 3×N.
    let table: Tensor

    typealias Factors = (teacher: Tensor, student: Tensor)

    init(like weights: Tensor) { table = .zeros([3, weights.count], dtype: weights.dtype, device: weights.device) }

    /// Σᵢ wᵢ KL(teacher's row i ‖ student's row i).
    func divergence(_ weights: Tensor) -> Tensor {
        let (student, teacher) = (positive(Self.student), positive(Self.teacher))
        return (weights * (table[Self.difference] / teacher + (student / teacher).log())).sum()
    }

    /// What turns the exponentials of each row into weighted softmaxes.
    func factors(_ weights: Tensor) -> Factors { (weights / positive(Self.teacher), weights / positive(Self.student)) }

    /// Rows of an image without any position that counts have sums of zero, equal for both.
    private func positive(_ kind: Int) -> Tensor { table[kind].clamp(min: 1e-30) }
}
