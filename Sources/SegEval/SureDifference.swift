#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A difference of two means over runs, and how sure it is: over the seeds, over the images, over both.
public struct SureDifference: Sendable {
    public let difference: Double
    /// By pair; empty for runs that make no pairs.
    public let differences: [Double]
    public let seedInterval: Interval?
    /// Two-sided, of the t test over seeds.
    public let seedPValue: Double?
    public let imageInterval: Interval?
    /// Over both, or over the one of them that is known.
    public let interval: Interval?
    private let spread: (error: Double, degreesOfFreedom: Double)?
    private let confidence: Double

    /// - Parameters:
    ///   - paired: whether the runs of the two make pairs, in their order.
    ///   - images: the interval over images alone, at the same confidence.
    public init(_ left: [Double], _ right: [Double], paired: Bool, images: Interval?, confidence: Double = 0.95) {
        let differences = paired ? zip(left, right).map { $0 - $1 } : []
        let (mine, theirs) = (MeanAndSpread(left), MeanAndSpread(right))
        let difference = mine.mean - theirs.mean
        let spread = paired ? MeanAndSpread(differences).standardError : MeanAndSpread.welch(mine, theirs)
        self.difference = difference
        self.differences = differences
        self.spread = spread
        self.confidence = confidence
        seedInterval = spread.map { error, freedom in
            let half = StudentT(degreesOfFreedom: freedom).twoSidedQuantile(confidence) * error
            return Interval(difference - half, difference + half)
        }
        seedPValue = spread.map { error, freedom in
            if error == 0 { return difference == 0 ? 1 : 0 }
            return StudentT(degreesOfFreedom: freedom).twoSidedTail(difference / error)
        }
        imageInterval = images
        interval = Self.combined(difference, seedInterval, images)
    }

    private static func combined(_ difference: Double, _ seeds: Interval?, _ images: Interval?) -> Interval? {
        guard let seeds, let images else { return seeds ?? images }
        return Interval(
            difference - hypot(difference - seeds.lower, difference - images.lower),
            difference + hypot(seeds.upper - difference, images.upper - difference))
    }

    public var outcome: PairedComparison.Outcome {
        guard seedInterval != nil, let interval else { return .seedsMissing }
        return !interval.excludesZero ? .noDifferenceShown : difference > 0 ? .better : .worse
    }

    /// The smallest level at which ``interval`` would exclude 0, nil while nothing is known of the seeds.
    ///
    /// For other levels than its own, the part of the seeds follows Student's t, that of the images, whose draws do not
    /// reach far into the tails, the normal distribution. At its own level it is below 1 − confidence exactly when
    /// ``interval`` excludes 0.
    public var pValue: Double? {
        guard let spread else { return nil }
        if difference == 0 { return 1 }
        let size = abs(difference)
        let side = imageInterval.map { difference > 0 ? difference - $0.lower : $0.upper - difference } ?? 0
        let images = abs(side) / Normal.twoSidedQuantile(confidence)
        if spread.error == 0 { return images == 0 ? 0 : Normal.twoSidedTail(size / images) }
        let student = StudentT(degreesOfFreedom: spread.degreesOfFreedom)
        // Bisection of the t at which the bound of both together reaches 0; that of the seeds alone lies beyond.
        var (lower, upper) = (0.0, size / spread.error)
        for _ in 0..<60 {
            let middle = (lower + upper) / 2
            let half = images * Normal.twoSidedQuantile(1 - student.twoSidedTail(middle))
            if hypot(middle * spread.error, half) < size { lower = middle } else { upper = middle }
        }
        return student.twoSidedTail((lower + upper) / 2)
    }
}

/// The standard normal distribution.
enum Normal {
    /// P(|Z| ≥ z).
    static func twoSidedTail(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) }

    /// The z with P(|Z| < z) = `confidence`.
    static func twoSidedQuantile(_ confidence: Double) -> Double {
        let tail = 1 - confidence
        var (lower, upper) = (0.0, 40.0)
        for _ in 0..<60 {
            let middle = (lower + upper) / 2
            if twoSidedTail(middle) > tail { lower = middle } else { upper = middle }
        }
        return (lower + upper) / 2
    }
}
