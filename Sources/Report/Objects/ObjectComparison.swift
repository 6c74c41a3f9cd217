import Runs
import SegEval
import Support

/// Runs that tell objects apart: the average precision of their masks by arm and seed, and how each arm compares with the plain student.
///
/// The intervals are over the seeds alone: average precision ranks all detections of a test set, so it is no sum over images that could be
/// drawn again from counts. Encodes to JSON with every figure of ``text`` in full precision; scores are fractions there.
public struct ObjectComparison: Sendable, Encodable {
    /// One arm's scores over its seeds.
    public struct ArmScores: Sendable, Encodable {
        public let arm: String
        public let role: RunInfo.Role
        public let method: String?
        public let model: String
        public let parameters: Int?
        public let seeds: [Int]
        /// By measure, in the order of ``ObjectMeasure``: of each seed.
        public let scores: [String: [Double]]

        /// Mean and spread over the seeds; nil where the truth has no such object.
        func spread(_ measure: ObjectMeasure) -> MeanAndSpread? { scores[measure.rawValue].map { MeanAndSpread($0) } }
    }

    /// An arm against the reference.
    public struct Difference: Sendable, Encodable {
        public let arm: String
        public let reference: String
        /// Of ``ObjectComparison/measure``, with that of every class.
        public let statistics: PairedComparison
        public let verdict: Verdict
        /// The same for AP50 and the boundaries' AP, and for COCO's AP beside Cityscapes'.
        public let further: [String: PairedComparison]
        /// In what the two differ beside distillation.
        public let conditions: [ConditionDifference]
        public let notes: [String]
    }

    public let dataset: String
    public let split: String
    public let protocolName: String
    public let images: Int
    public let classes: [String]
    /// What the verdicts are on.
    public let measure: ObjectMeasure
    public let arms: [ArmScores]
    public let reference: String
    public let differences: [Difference]

    /// Whether the runs are such.
    public static func isOf(_ folders: [RunFolder]) -> Bool {
        folders.contains { $0.metricsNames().isEmpty && !$0.objectMetricsNames().isEmpty }
    }

    /// As ``Comparison/init(_:metricsName:reference:allowing:)``.
    public init(
        _ folders: [RunFolder], metricsName: String? = nil, reference: String? = nil, allowing allowed: Set<Condition> = []
    ) throws {
        try self.init(Arm.group(LoadedRun.all(folders, metricsName, ofObjects: true)), reference: reference, allowing: allowed)
    }

    /// - Precondition: every run has been scored on objects.
    init(_ arms: [Arm], reference wanted: String? = nil, allowing allowed: Set<Condition> = []) throws {
        let first = try Self.checkAlike(arms.flatMap(\.runs))
        (dataset, split, protocolName, images) = (first.dataset, first.split, first.protocolName, first.images)
        classes = first.masks.categories.map(\.name)
        let measure = ObjectMeasure.main(of: arms.flatMap(\.runs).compactMap(\.objects))
        self.measure = measure
        let compared = try ArmPairs(arms, reference: wanted, allowing: allowed)
        reference = compared.reference.name
        self.arms = arms.map(Self.scores)
        differences = compared.pairs.map { Self.difference($0, $1, compared, measure) }
    }

    /// The difference of the arm that gained most.
    public var headline: Difference? {
        let students = Set(arms.filter { $0.role == .student }.map(\.arm))
        return differences.filter { students.contains($0.arm) }.max { $0.statistics.difference < $1.statistics.difference }
    }

    private static func difference(_ arm: Arm, _ reference: Arm, _ compared: ArmPairs, _ measure: ObjectMeasure) -> Difference {
        func statistics(_ measure: ObjectMeasure) -> PairedComparison? {
            let (mine, theirs) = (arm.results(measure), reference.results(measure))
            return mine.isEmpty || theirs.isEmpty ? nil : PairedComparison(mine, against: theirs)
        }
        let main = statistics(measure)!
        let conditions = compared.conditions(arm, reference)
        let further = measure.compared.compactMap { measure in statistics(measure).map { (measure.rawValue, $0) } }
        return Difference(
            arm: arm.name, reference: reference.name, statistics: main,
            verdict: Verdict(
                main, arm: arm.name, reference: reference.name,
                distillation: reference.isPlain && arm.isDistilled && arm.info.model == reference.info.model,
                unequal: conditions.unequal.map(\.rawValue), measure: measure.rawValue, overImages: false),
            further: Dictionary(uniqueKeysWithValues: further), conditions: conditions,
            notes: arm.notes(against: reference, pairedSeeds: main.seeds))
    }

    private static func scores(_ arm: Arm) -> ArmScores {
        let scores = ObjectMeasure.allCases.map { ($0.rawValue, arm.results($0).map(\.score)) }
        return ArmScores(
            arm: arm.name, role: arm.info.role, method: arm.info.method, model: arm.info.model,
            parameters: arm.info.parameters ?? arm.runs[0].objects?.parameters, seeds: arm.runs.map(\.info.seed),
            scores: Dictionary(uniqueKeysWithValues: scores.filter { $0.1.count == arm.runs.count }))
    }

    /// Scores on different data are not comparable.
    private static func checkAlike(_ runs: [LoadedRun]) throws -> InstanceMetrics {
        let scored = runs.compactMap { run in run.objects.map { (run.folder.url.path, $0) } }
        guard let (path, first) = scored.first else { throw UserError("no run has been evaluated") }
        for (other, metrics) in scored {
            func check(_ what: String, _ a: String, _ b: String) throws {
                guard a != b else { return }
                throw UserError(
                    "runs can only be compared on the same data: \(what) is \(a) in \(path), but \(b) in \(other)",
                    hint: "Evaluate them alike: segdistill evaluate RUN --data …")
            }
            func objects(_ metrics: InstanceMetrics) -> String {
                metrics.masks.categories.map { "\($0.truths) \($0.name)" }.joined(separator: ", ")
            }
            try check("the data set", first.dataset, metrics.dataset)
            try check("the split", first.split, metrics.split)
            try check("the number of images", "\(first.images)", "\(metrics.images)")
            try check("what is to be found", objects(first), objects(metrics))
            guard metrics.masks.summary.averagePrecision != nil else {
                throw UserError(
                    "\(other): the images that it was scored on have no objects", hint: "Compare another evaluation (--metrics).")
            }
        }
        return first
    }
}
