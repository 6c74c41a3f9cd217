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
        /// Of the masks' AP, with that of every class.
        public let statistics: PairedComparison
        public let verdict: Verdict
        /// The same for AP50 and for the boundaries' AP.
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
        let name = metricsName ?? LoadedRun.commonMetricsName(folders, ofObjects: true)
        let runs = try folders.map { try LoadedRun($0, metricsName: name) }
        for run in runs where run.objects == nil {
            throw UserError(
                "\(run.folder.url.path) has no evaluation\(name.map { " “\($0)”" } ?? "") of objects to compare",
                hint: "Make one: segdistill evaluate \(run.folder.url.path)")
        }
        try self.init(Arm.group(runs), reference: reference, allowing: allowed)
    }

    /// - Precondition: every run has been scored on objects.
    init(_ arms: [Arm], reference wanted: String? = nil, allowing allowed: Set<Condition> = []) throws {
        let first = try Self.checkAlike(arms.flatMap(\.runs))
        (dataset, split, protocolName, images) = (first.dataset, first.split, first.protocolName, first.images)
        classes = first.masks.categories.map(\.name)
        let main = try Comparison.reference(wanted, among: arms)
        reference = main.name
        self.arms = arms.map(Self.scores)
        let pairs = Arm.pairs(arms, main: main, isWanted: wanted != nil)
        let inner = Dictionary(uniqueKeysWithValues: arms.map { ($0.name, $0.inner) })
        try Comparison.checkFairness(arms, pairs, inner, allowed)
        differences = pairs.map { Self.difference($0, $1, inner) }
    }

    /// The difference of the arm that gained most.
    public var headline: Difference? {
        let students = Set(arms.filter { $0.role == .student }.map(\.arm))
        return differences.filter { students.contains($0.arm) }.max { $0.statistics.difference < $1.statistics.difference }
    }

    private static func difference(_ arm: Arm, _ reference: Arm, _ inner: [String: [ConditionDifference]]) -> Difference {
        func statistics(_ measure: ObjectMeasure) -> PairedComparison? {
            let (mine, theirs) = (arm.results(measure), reference.results(measure))
            return mine.isEmpty || theirs.isEmpty ? nil : PairedComparison(mine, against: theirs)
        }
        let main = statistics(.precision)!
        let comparison = arm.conditions(against: reference)
        let conditions = comparison.differences + inner[arm.name, default: []] + inner[reference.name, default: []]
        let further = ObjectMeasure.compared.compactMap { measure in statistics(measure).map { (measure.rawValue, $0) } }
        return Difference(
            arm: arm.name, reference: reference.name, statistics: main,
            verdict: Verdict(
                main, arm: arm.name, reference: reference.name,
                distillation: reference.isPlain && arm.isDistilled && arm.info.model == reference.info.model,
                unequal: conditions.unequal.map(\.rawValue), measure: "AP", overImages: false),
            further: Dictionary(uniqueKeysWithValues: further), conditions: conditions,
            notes: arm.notes(against: reference, pairedSeeds: main.seeds, comparison))
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
