/// Which metrics of a semantic segmentation are computed besides those of the confusion matrix, which cost next to nothing.
public struct SemanticMetrics: Sendable, Equatable {
    /// The two boundary metrics.
    public struct Boundary: Sendable, Equatable {
        /// How thick the bands of boundary IoU are. 2 % of the diagonal: Cheng et al. (2021).
        public var width = BandWidth.diagonal(0.02)
        /// How far a predicted contour may lie from the true one for boundary F1. 0.8 % of the diagonal: Perazzi et al. (2016).
        public var tolerance = BandWidth.diagonal(0.008)

        public init(width: BandWidth = .diagonal(0.02), tolerance: BandWidth = .diagonal(0.008)) {
            self.width = width
            self.tolerance = tolerance
        }
    }

    public var boundary: Boundary?
    /// Half widths, in pixels, of the bands around true borders in which IoU is taken apart; at most three.
    public var trimap: [Int]
    public var connectivity: Bool

    public init(boundary: Boundary? = nil, trimap: [Int] = [], connectivity: Bool = false) {
        precondition(trimap.count <= 3 && trimap.allSatisfy { $0 > 0 }, "at most three trimaps, each of a pixel or more")
        self.boundary = boundary
        self.trimap = trimap
        self.connectivity = connectivity
    }

    /// Half widths of the trimaps: 1, 3 and 5 pixels.
    public static let trimapWidths = [1, 3, 5]

    /// The confusion matrix alone.
    public static let cheap = SemanticMetrics()
    public static let all = SemanticMetrics(boundary: Boundary(), trimap: trimapWidths, connectivity: true)

    var needsBorders: Bool { boundary != nil || !trimap.isEmpty }
}
