/// A score of each class and their mean over the classes that occur in the truth.
public struct ClassScores: Sendable, Equatable, Codable {
    /// Nil when no class occurs.
    public var mean: Double?
    /// K values; nil for classes that the truth lacks.
    public var perClass: [Double?]

    public init(_ perClass: [Double?]) {
        self.perClass = perClass
        let known = perClass.compactMap(\.self)
        mean = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
}

/// Scores at the borders between classes, fractions.
public struct BorderScores: Sendable, Equatable, Codable {
    public var mean: Double?
    /// K values; nil for classes that the truth lacks.
    public var perClass: [Double?]
    /// As it was asked for.
    public var width: BandWidth
    /// In pixels; nil when it differs between the images.
    public var pixels: Int?

    public init(_ scores: ClassScores, width: BandWidth, pixels: Int?) {
        mean = scores.mean
        perClass = scores.perClass
        self.width = width
        self.pixels = pixels
    }

    /// `46 px`, or `2 % of the diagonal` for images of several sizes.
    public var widthText: String { pixels.map { "\($0) px" } ?? width.description }
}

/// What ``SemanticMetrics`` asks for beyond the confusion matrix, computed from a tally's sums.
public struct SemanticScores: Sendable, Equatable, Codable {
    /// IoU of the masks' inner bands (Cheng et al. 2021).
    public var boundaryIoU: BorderScores?
    /// F1 of the masks' contours, the mean over images (Csurka et al. 2013; contours and distance: Perazzi et al. 2016).
    public var boundaryF1: BorderScores?
    /// IoU in bands around true borders (Kohli et al. 2009).
    public var trimapIoU: [BorderScores]?
    public var connectivity: ConnectivityTally?

    /// Nothing beyond the confusion matrix.
    public init() {}

    /// - Parameter size: of the images, when all have the same.
    public init(_ tally: SemanticTally, _ metrics: SemanticMetrics, size: (width: Int, height: Int)?) {
        let present = tally.pixels.truth.map { $0 > 0 }
        func pixels(_ width: BandWidth, _ rule: FloatingPointRoundingRule) -> Int? {
            if case .pixels(let count) = width { return count }
            return size.map { width.pixels(width: $0.width, height: $0.height, rule) }
        }
        if let settings = metrics.boundary, let boundary = tally.boundary, let contours = tally.boundaryF1 {
            boundaryIoU = BorderScores(
                ClassScores(boundary.scores.classIoU), width: settings.width, pixels: pixels(settings.width, .toNearestOrEven))
            let means = present.indices.map { present[$0] ? contours.sum[$0] / Double(contours.images[$0]) : nil }
            boundaryF1 = BorderScores(ClassScores(means), width: settings.tolerance, pixels: pixels(settings.tolerance, .up))
        }
        if !metrics.trimap.isEmpty {
            trimapIoU = zip(metrics.trimap, tally.trimap).map { width, tally in
                BorderScores(ClassScores(tally.scores.classIoU), width: .pixels(width), pixels: width)
            }
        }
        connectivity = tally.connectivity
    }
}
