/// Everything counted on one image, or on many: the sums from which ``SemanticScores`` follow.
public struct SemanticTally: Sendable, Equatable {
    public let classes: Int
    /// K rows of K pixel counts: `confusion[truth][predicted]`; ignored pixels are in none.
    public var confusion: [[Int64]]
    /// By true class, the pixels that were predicted as something beyond the class list.
    public var outside: [Int64]
    /// Of the inner bands of boundary IoU.
    public var boundary: ClassTally?
    public var boundaryF1: ContourTally?
    /// One for each width that was asked for.
    public var trimap: [ClassTally]
    public var connectivity: ConnectivityTally?

    public init(classes: Int, _ metrics: SemanticMetrics) {
        self.classes = classes
        confusion = .init(repeating: .init(repeating: 0, count: classes), count: classes)
        outside = .init(repeating: 0, count: classes)
        let empty = ClassTally(classes: classes)
        boundary = metrics.boundary == nil ? nil : empty
        boundaryF1 = metrics.boundary == nil ? nil : ContourTally(classes: classes)
        trimap = metrics.trimap.map { _ in empty }
        connectivity = metrics.connectivity ? ConnectivityTally(classes: classes) : nil
    }

    /// - Precondition: both count the same metrics of the same classes.
    public static func += (sum: inout SemanticTally, other: SemanticTally) {
        for row in 0..<sum.classes {
            sum.outside[row] += other.outside[row]
            for column in 0..<sum.classes { sum.confusion[row][column] += other.confusion[row][column] }
        }
        if let boundary = other.boundary { sum.boundary? += boundary }
        if let contours = other.boundaryF1 { sum.boundaryF1? += contours }
        for index in sum.trimap.indices { sum.trimap[index] += other.trimap[index] }
        if let connectivity = other.connectivity { sum.connectivity? += connectivity }
    }

    public var pixels: ClassTally {
        ClassTally(
            intersection: (0..<classes).map { confusion[$0][$0] },
            truth: (0..<classes).map { confusion[$0].reduce(outside[$0], +) },
            predicted: (0..<classes).map { column in confusion.reduce(0) { $0 + $1[column] } })
    }

    public var scores: Scores { pixels.scores }
}

/// Boundary F1 of each class, added up over the images that have the class in truth or prediction.
public struct ContourTally: Sendable, Equatable, Codable {
    public var sum: [Double]
    public var images: [Int]

    public init(classes: Int) {
        sum = .init(repeating: 0, count: classes)
        images = .init(repeating: 0, count: classes)
    }

    public static func += (sum: inout ContourTally, other: ContourTally) {
        for index in sum.images.indices {
            sum.sum[index] += other.sum[index]
            sum.images[index] += other.images[index]
        }
    }
}
