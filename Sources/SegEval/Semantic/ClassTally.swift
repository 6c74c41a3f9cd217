/// Pixels by class, from which IoU, Dice and recall follow.
public struct ClassTally: Sendable, Equatable, Codable {
    /// Pixels of the class that were predicted as such.
    public var intersection: [Int64]
    /// Pixels of the class.
    public var truth: [Int64]
    /// Pixels predicted as the class, ignored ones left out.
    public var predicted: [Int64]

    public init(intersection: [Int64], truth: [Int64], predicted: [Int64]) {
        self.intersection = intersection
        self.truth = truth
        self.predicted = predicted
    }

    public init(classes: Int) {
        let zeros = [Int64](repeating: 0, count: classes)
        self.init(intersection: zeros, truth: zeros, predicted: zeros)
    }

    public static func += (sum: inout ClassTally, other: ClassTally) {
        for index in sum.truth.indices {
            sum.intersection[index] += other.intersection[index]
            sum.truth[index] += other.truth[index]
            sum.predicted[index] += other.predicted[index]
        }
    }

    public var scores: Scores { Scores(intersection: intersection, truth: truth, predicted: predicted) }
}
