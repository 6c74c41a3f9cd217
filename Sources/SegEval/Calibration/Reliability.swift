/// How often predictions of a given confidence are right: the reliability curve, and the expected calibration error.
///
/// Guo et al. (2017): bin m of M holds the confidences in ((m − 1)/M, m/M]; ECE = Σ count/total · |accuracy − mean confidence|.
public struct Reliability: Sendable, Equatable, Codable {
    /// By bin, from the least confident: pixels, those predicted rightly, the sum of their confidences.
    public var counts: [Int64]
    public var correct: [Int64]
    public var confidences: [Double]

    /// Bins that evaluations use.
    public static let standardBins = 15

    public init(bins: Int = standardBins) {
        counts = .init(repeating: 0, count: bins)
        correct = counts
        confidences = .init(repeating: 0, count: bins)
    }

    public init(counts: [Int64], correct: [Int64], confidences: [Double]) {
        precondition(counts.count == correct.count && counts.count == confidences.count, "one number a bin each")
        self.counts = counts
        self.correct = correct
        self.confidences = confidences
    }

    /// Adds one prediction.
    /// - Parameter confidence: of the predicted class, 0 to 1.
    public mutating func add(confidence: Double, isCorrect: Bool) {
        let bin = min(max(Int((confidence * Double(counts.count)).rounded(.up)) - 1, 0), counts.count - 1)
        counts[bin] += 1
        correct[bin] += isCorrect ? 1 : 0
        confidences[bin] += confidence
    }

    public var total: Int64 { counts.reduce(0, +) }

    /// By bin, the fraction that was right; nil for empty bins.
    public var accuracy: [Double?] { zip(correct, counts).map { $1 > 0 ? Double($0) / Double($1) : nil } }

    /// By bin, the mean confidence; nil for empty bins.
    public var meanConfidence: [Double?] { zip(confidences, counts).map { $1 > 0 ? $0 / Double($1) : nil } }

    /// The expected calibration error, a fraction; nil without pixels.
    public var expectedError: Double? {
        guard total > 0 else { return nil }
        return counts.indices.reduce(0) { $0 + abs(Double(correct[$1]) - confidences[$1]) } / Double(total)
    }

    /// Positive when predictions are more confident than right, on the whole.
    public var overconfidence: Double? {
        total > 0 ? (confidences.reduce(0, +) - Double(correct.reduce(0, +))) / Double(total) : nil
    }
}
