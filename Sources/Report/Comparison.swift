import Foundation
import Runs
import SegEval
import Support

/// Did distillation help? Arms of an experiment, their scores, and how each compares with the plain student.
///
/// Encodes to JSON with every figure of ``text`` in full precision; scores are fractions there.
public struct Comparison: Sendable, Encodable {
    /// One arm's scores over its seeds.
    public struct ArmScores: Sendable, Encodable {
        public let arm: String
        public let role: RunInfo.Role
        public let method: String?
        public let model: String
        public let parameters: Int?
        /// Images a second in the evaluation.
        public let imagesPerSecond: Double?
        public let seeds: [Int]
        /// mIoU by seed.
        public let meanIoUs: [Double]
        public let meanIoU: Double
        /// Unbiased, over the seeds; nil for one seed.
        public let standardDeviation: Double?
        public let pixelAccuracy: Double
        public let meanAccuracy: Double
        /// Mean boundary IoU over the seeds; nil unless all of them were scored for it.
        public let boundaryIoU: Double?
        /// Mean over the seeds; nil for classes that the truth lacks.
        public let classIoU: [Double?]
    }

    /// An arm against the reference.
    public struct Difference: Sendable, Encodable {
        public let arm: String
        public let reference: String
        public let statistics: PairedComparison
        public let verdict: Verdict
        /// Of the distance in mIoU between the reference and the teacher, the fraction that the arm gained; nil without a
        /// teacher that is better than the reference by a point or more: a fraction of less says nothing.
        public let gapClosed: Double?
        /// The same at the borders between classes, by the measures that all runs of both arms were scored for.
        public let borders: [MeasureDifference]
        /// By how much each image's mIoU, the mean over the seeds, is above the reference's: from the largest gain to the largest loss.
        public let images: [RankedImage]
        /// In what the two differ beside distillation.
        public let conditions: [ConditionDifference]
        /// Runs without a partner, and what is not known of the conditions, in sentences.
        public let notes: [String]

        /// The conditions by which the difference could come about without distillation.
        public var unequal: [Condition] { conditions.unequal }
    }

    /// One point of mIoU, as a fraction.
    static let smallestGap = 0.01

    public let dataset: String
    public let split: String
    public let protocolName: String
    /// Test images; 0 when the arms were not scored on the same ones.
    public let images: Int
    public let classes: [String]
    public let arms: [ArmScores]
    /// The arm that the others are compared with: the plain student, or the first arm. Of several plain students, each
    /// distilled arm is compared with the one that is most like it: see ``Difference/reference``.
    public let reference: String
    /// Every other arm against its reference, the teacher too.
    public let differences: [Difference]
    /// Nil unless runs were tested on target domains.
    public let domains: DomainComparison?

    /// Compares runs by the evaluations that they hold.
    /// - Parameters:
    ///   - metricsName: the evaluation to compare, such as `test`; by default the one that all runs have.
    ///   - reference: an arm's name, to compare with another one than the plain student.
    ///   - allowed: in what the arms may differ all the same.
    /// - Throws: `UserError` when a run has no such evaluation, when runs were scored on different data or classes, when
    ///   arms, or runs of one arm, differ in what is not allowed, when an arm has a seed twice, or when there is no such reference.
    public init(
        _ folders: [RunFolder], metricsName: String? = nil, reference: String? = nil, allowing allowed: Set<Condition> = []
    ) throws {
        try self.init(Arm.group(LoadedRun.all(folders, metricsName)), reference: reference, allowing: allowed)
    }

    /// - Precondition: every run has metrics.
    init(_ arms: [Arm], reference wanted: String? = nil, allowing allowed: Set<Condition> = []) throws {
        let first = try Self.checkAlike(arms)
        dataset = first.dataset
        split = first.split
        protocolName = first.protocolName
        classes = first.classes.map(\.name)

        let compared = try ArmPairs(arms, reference: wanted, allowing: allowed)
        reference = compared.reference.name
        self.arms = arms.map(Self.scores)
        let teacher = arms.first(where: \.isTeacher)?.meanIoU?.mean
        differences = compared.pairs.map { Self.difference($0, $1, teacher: teacher, compared) }
        domains = try DomainComparison(arms, differences)
        images = differences.first?.statistics.images ?? first.images.count
    }

    private static func difference(
        _ arm: Arm, _ reference: Arm, teacher: Double?, _ compared: ArmPairs
    ) -> Difference {
        let statistics = PairedComparison(arm.runs.compactMap(\.seedResult), against: reference.runs.compactMap(\.seedResult))
        let conditions = compared.conditions(arm, reference)
        let distillation = reference.isPlain && arm.isDistilled && arm.info.model == reference.info.model
        let gap = teacher.flatMap { teacher in reference.meanIoU.map { teacher - $0.mean } } ?? 0
        return Difference(
            arm: arm.name, reference: reference.name, statistics: statistics,
            verdict: Verdict(
                statistics, arm: arm.name, reference: reference.name, distillation: distillation,
                unequal: conditions.unequal.map(\.rawValue)),
            gapClosed: gap >= smallestGap && !arm.isTeacher ? statistics.difference / gap : nil,
            borders: arm.measureDifferences(against: reference), images: gains(arm, reference), conditions: conditions,
            notes: arm.notes(against: reference, pairedSeeds: statistics.seeds))
    }

    /// The difference of the distilled arm that gained most; nil when no arm is distilled.
    public var headline: Difference? {
        let distilled = Set(arms.filter { $0.role == .student && $0.method != nil }.map(\.arm))
        return differences.filter { distilled.contains($0.arm) }.max { $0.statistics.difference < $1.statistics.difference }
    }

    private static func gains(_ arm: Arm, _ reference: Arm) -> [RankedImage] {
        let theirs = reference.imageScores
        let gains = arm.imageScores.compactMap { image in
            theirs[image.key].map { RankedImage(name: image.key, score: image.value - $0) }
        }
        return gains.sorted { ($1.score, $0.name) < ($0.score, $1.name) }
    }

    private static func scores(_ arm: Arm) -> ArmScores {
        let meanIoU = arm.meanIoU
        return ArmScores(
            arm: arm.name, role: arm.info.role, method: arm.info.method, model: arm.info.model, parameters: arm.parameters,
            imagesPerSecond: arm.imagesPerSecond, seeds: arm.scored.map(\.info.seed),
            meanIoUs: arm.runs.compactMap(\.scores?.meanIoU), meanIoU: meanIoU?.mean ?? .nan,
            standardDeviation: meanIoU?.standardDeviation, pixelAccuracy: arm.spread(\.pixelAccuracy)?.mean ?? .nan,
            meanAccuracy: arm.spread(\.meanAccuracy)?.mean ?? .nan,
            boundaryIoU: arm.measures.first { $0.measure.name == "boundary IoU" }.map { MeanAndSpread($0.results.map(\.score)).mean },
            classIoU: arm.classIoU)
    }

    private static func names(_ metrics: Metrics) -> String { metrics.classes.map(\.name).joined(separator: ", ") }

    /// Scores on different data are not comparable.
    private static func checkAlike(_ arms: [Arm]) throws -> Metrics {
        let runs = arms.flatMap(\.runs)
        let scored = runs.compactMap { run in run.metrics.map { (run.folder.url.path, $0) } }
        guard let (path, first) = scored.first else { throw UserError("no run has been evaluated") }
        for (other, metrics) in scored.dropFirst() {
            func check(_ what: String, _ a: String, _ b: String) throws {
                guard a == b else {
                    throw UserError(
                        "runs can only be compared on the same data: \(what) is \(a) in \(path), but \(b) in \(other)",
                        hint: "Evaluate them alike: segdistill evaluate RUN --data …")
                }
            }
            try check("the data set", first.dataset, metrics.dataset)
            try check("the split", first.split, metrics.split)
            try check("the class list", Self.names(first), Self.names(metrics))
        }
        return first
    }
}
