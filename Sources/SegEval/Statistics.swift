/// A confidence interval.
public struct Interval: Sendable, Equatable, Codable {
    public var lower: Double
    public var upper: Double

    public init(_ lower: Double, _ upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// Whether all of it lies on one side of 0.
    public var excludesZero: Bool { lower > 0 || upper < 0 }
}

/// How one arm of an experiment compares with another in mIoU, or in another mean over the classes, and how sure that is.
///
/// Two things could make a difference by chance: the seeds of the training, and the images of the test set.
/// - *Seeds*: Student's t interval of the mean difference between runs of equal seed (Welch's, over the two
///   sets of runs, when the arms have no two seeds in common).
/// - *Images*: the percentile bootstrap; the images are drawn again with replacement, the same for all runs, and the
///   mIoU of each run is computed anew from the summed counts (Efron & Tibshirani 1993, chapter 13).
/// - Both together: the distances of the two intervals' ends from the difference, added in quadrature
///   (Zou & Donner 2008). The verdict rests on this interval.
public struct PairedComparison: Sendable, Equatable, Codable {
    public enum Outcome: String, Sendable, Codable {
        case better, worse, noDifferenceShown
        /// One run an arm: nothing is known about the influence of the seed.
        case seedsMissing

        /// As tables and sentences say it.
        public var words: String {
            switch self {
            case .better: "better"
            case .worse: "worse"
            case .noDifferenceShown: "no difference shown"
            case .seedsMissing: "too few seeds for a verdict"
            }
        }
    }

    /// Mean mIoU of the arm minus that of the reference, as a fraction, over the runs that are compared.
    public let difference: Double
    /// The seeds that both arms have; empty when they make no pairs and all runs are compared with all.
    public let seeds: [Int]
    /// The difference by seed.
    public let differences: [Double]
    /// Runs of the arm and of the reference that entered.
    public let runs: [Int]
    /// Test images; 0 when the two arms were not scored on the same ones.
    public let images: Int
    public let confidence: Double
    public let seedInterval: Interval?
    /// Two-sided, of the t test over seeds.
    public let pValue: Double?
    public let imageInterval: Interval?
    /// Over seeds and images together, or over the one of them that is known.
    public let interval: Interval?
    public let outcome: Outcome
    /// By class, those that all of the runs have a score of.
    public let classes: [ClassDifference]

    /// Compares `arm` with `reference`.
    /// - Parameters:
    ///   - resamples: draws of the bootstrap.
    ///   - randomSeed: fixes them.
    /// - Precondition: each arm has a run, and no seed twice.
    public init(
        _ arm: [SeedResult], against reference: [SeedResult], confidence: Double = 0.95, resamples: Int = 2000, randomSeed: Int = 1
    ) {
        self.init(
            overSets: [arm], against: [reference], confidence: confidence, resamples: resamples, randomSeed: randomSeed)
    }

    /// Compares the means over several test sets, such as target domains, in which each set weighs the same.
    ///
    /// Images are drawn again within each set. A class's score is its mean over the sets that have it.
    /// - Parameters:
    ///   - arm: for each set the results of the runs, the same runs in the same order.
    ///   - reference: likewise, of the same sets.
    public init(
        overSets arm: [[SeedResult]], against reference: [[SeedResult]], confidence: Double = 0.95, resamples: Int = 2000,
        randomSeed: Int = 1
    ) {
        precondition(!arm.isEmpty && arm.count == reference.count, "two arms are compared on the same test sets")
        precondition(!arm[0].isEmpty && !reference[0].isEmpty, "an arm without runs cannot be compared")
        self.confidence = confidence
        var common = Set(arm[0].map(\.seed)).intersection(reference[0].map(\.seed)).sorted()
        // One common seed among several runs would leave the others unused.
        if common.count == 1, arm[0].count + reference[0].count > 2 { common = [] }
        func compared(_ runs: [SeedResult]) -> [SeedResult] {
            common.isEmpty ? runs : common.map { seed in runs.first { $0.seed == seed }! }
        }
        let sets = zip(arm, reference).map { (left: compared($0), right: compared($1)) }
        let (left, right) = ([SeedResult](meanOf: sets.map(\.left)), [SeedResult](meanOf: sets.map(\.right)))
        seeds = common
        runs = [left.count, right.count]
        let bootstraps = sets.compactMap { ImageBootstrap($0.left, $0.right) }
        let isKnown = bootstraps.count == sets.count
        let draws = bootstraps.enumerated().map { $1.draws(resamples: resamples, randomSeed: randomSeed + $0) }
        let drawn = isKnown ? ImageBootstrap.Draws(meanOf: draws).intervals(confidence: confidence) : nil
        let sure = SureDifference(
            left.map(\.score), right.map(\.score), paired: !common.isEmpty, images: drawn?.mean, confidence: confidence)
        difference = sure.difference
        differences = sure.differences
        seedInterval = sure.seedInterval
        pValue = sure.seedPValue
        images = isKnown ? bootstraps.reduce(0) { $0 + $1.images } : 0
        imageInterval = sure.imageInterval
        interval = sure.interval
        outcome = sure.outcome
        classes = ClassDifference.all(left, right, paired: !common.isEmpty, images: drawn?.classes ?? [], confidence: confidence)
    }

    /// In how many of the common seeds the arm scored higher.
    public var wins: Int { differences.count { $0 > 0 } }
}

/// Mean and spread of a few numbers.
public struct MeanAndSpread: Sendable {
    public let mean: Double
    /// The unbiased standard deviation; nil for fewer than two numbers.
    public let standardDeviation: Double?
    public let count: Int

    public init(_ values: [Double]) {
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        count = values.count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardDeviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
    }

    /// The mean's standard error and its degrees of freedom.
    var standardError: (error: Double, degreesOfFreedom: Double)? {
        standardDeviation.map { ($0 / Double(count).squareRoot(), Double(count - 1)) }
    }

    /// The same for the difference of two means, by Welch (1947).
    static func welch(_ a: MeanAndSpread, _ b: MeanAndSpread) -> (error: Double, degreesOfFreedom: Double)? {
        guard let a = a.standardError, let b = b.standardError else { return nil }
        let (u, v) = (a.error * a.error, b.error * b.error)
        if u + v == 0 { return (0, a.degreesOfFreedom + b.degreesOfFreedom) }
        return ((u + v).squareRoot(), (u + v) * (u + v) / (u * u / a.degreesOfFreedom + v * v / b.degreesOfFreedom))
    }
}
