import Torch

/// The features of one image's positions, each of length `scale`: what cosines are products of.
struct UnitVectors {
    /// C×N. A feature of zeros has no direction and stays zero.
    let vectors: Tensor
    /// 1×N: what each feature was multiplied by.
    private let factors: Tensor
    private let scale: Double

    /// - Parameters:
    ///   - map: C×N.
    ///   - counted: N, truth values; the others become zero. Nil: all.
    init(_ map: Tensor, scale: Double = 1, counted: Tensor? = nil) {
        self.scale = scale
        let lengths = map.norm([0], keepDimensions: true)
        let hasDirection = lengths .> 1e-12
        factors = Tensor.where(counted.map { hasDirection .& $0 } ?? hasDirection, scale / lengths, 0)
        vectors = map * factors
    }

    private init(vectors: Tensor, factors: Tensor, scale: Double) { (self.vectors, self.factors, self.scale) = (vectors, factors, scale) }

    func to(_ dtype: DType) -> UnitVectors { UnitVectors(vectors: vectors.to(dtype), factors: factors.to(dtype), scale: scale) }

    /// Turns the gradient of the vectors (C×N) into that of the map, in place.
    func pullBack(_ slope: Tensor) {
        let along = (vectors * slope).sum(0, keepDimensions: true) * (1 / (scale * scale))
        slope.sub_(vectors * along).mul_(factors)
    }
}
