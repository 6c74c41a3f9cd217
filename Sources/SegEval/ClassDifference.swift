/// How two arms differ in one class, and how sure that is, with the number of classes in mind.
///
/// The intervals are those of ``PairedComparison``, of this class alone. Of many classes some differ by luck, so the outcome
/// follows the p-values by Holm's step-down method (Holm 1979), which holds the chance of a single false *better* or *worse*
/// among all classes below 1 − confidence, however the classes depend on one another.
public struct ClassDifference: Sendable, Equatable, Codable {
    /// The class's place in the list of classes.
    public let index: Int
    /// Mean score of the arm minus that of the reference, as a fraction.
    public let difference: Double
    public let seedInterval: Interval?
    public let imageInterval: Interval?
    /// Over seeds and images together, or over the one of them that is known.
    public let interval: Interval?
    /// The smallest level at which the interval would exclude 0; nil while nothing is known of the seeds.
    public let pValue: Double?
    /// The same by Holm's method, for all classes together.
    public let adjustedPValue: Double?
    public let outcome: PairedComparison.Outcome

    /// Every class that all of the runs have a score of.
    static func all(
        _ left: [SeedResult], _ right: [SeedResult], paired: Bool, images: [Interval?], confidence: Double
    ) -> [ClassDifference] {
        let count = (left + right).map(\.classScores.count).min() ?? 0
        let known = (0..<count).compactMap { index -> (index: Int, sure: SureDifference)? in
            let (mine, theirs) = (left.compactMap { $0.classScores[index] }, right.compactMap { $0.classScores[index] })
            guard mine.count == left.count, theirs.count == right.count else { return nil }
            let interval = index < images.count ? images[index] : nil
            return (index, SureDifference(mine, theirs, paired: paired, images: interval, confidence: confidence))
        }
        let values = known.map(\.sure.pValue)
        let adjusted = holm(values.compactMap(\.self))
        return zip(known.indices, known).map { place, entry in
            let sure = entry.sure
            // Holm's values are there for all classes or for none: what is known of the seeds is the same for all.
            let p = adjusted.count == known.count ? adjusted[place] : nil
            let outcome: PairedComparison.Outcome =
                p.map { $0 > 1 - confidence ? .noDifferenceShown : sure.difference > 0 ? .better : .worse } ?? .seedsMissing
            return ClassDifference(
                index: entry.index, difference: sure.difference, seedInterval: sure.seedInterval, imageInterval: sure.imageInterval,
                interval: sure.interval, pValue: values[place], adjustedPValue: p, outcome: outcome)
        }
    }
}

/// p-values of m tests, adjusted by Holm's step-down method: of those in rising order, the largest so far of (m − i) p.
public func holm(_ values: [Double]) -> [Double] {
    var adjusted = values
    var largest = 0.0
    for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
        largest = max(largest, min(1, Double(values.count - rank) * values[index]))
        adjusted[index] = largest
    }
    return adjusted
}
