import Runs
import SegEval
import Support

/// How far arms generalise: their scores on the source against those on target domains, and what students keep of the teacher's.
///
/// Scores are fractions. All means over targets give every target the same weight.
public struct DomainComparison: Sendable, Encodable {
    /// A data set that the arms were tested on.
    public struct Domain: Sendable, Encodable {
        public let name: String
        public let dataset: String
        public let images: Int
        public let protocolName: String
    }

    /// Mean and spread over the seeds.
    public struct Score: Sendable, Encodable {
        public let mean: Double
        /// Unbiased; nil for one seed.
        public let standardDeviation: Double?
        /// By seed.
        public let values: [Double]

        init(_ values: [Double]) {
            let spread = MeanAndSpread(values)
            self.values = values
            (mean, standardDeviation) = (spread.mean, spread.standardDeviation)
        }
    }

    /// One arm, mIoU unless said otherwise.
    public struct ArmScores: Sendable, Encodable {
        public let arm: String
        public let role: RunInfo.Role
        public let seeds: [Int]
        public let source: Score
        /// In the order of ``DomainComparison/targets``.
        public let targets: [Score]
        /// The mean over the targets.
        public let targetMean: Score
        /// The source's score minus the mean over the targets.
        public let gap: Score
        /// By domain, the source first: the IoU of every class, the mean over the seeds.
        public let classIoU: [[Double?]]
        /// By class, the mean over the targets that have it.
        public let targetClassIoU: [Double?]
        /// The arm's mean over the targets as a share of the teacher's; nil for the teacher, and without one.
        public internal(set) var retained: Double?
        /// The same on each target.
        public internal(set) var retainedByTarget: [Double?]?
        /// The same of each class's mean over the targets.
        public internal(set) var retainedByClass: [Double?]?
    }

    /// An arm against its reference, over all targets.
    public struct Difference: Sendable, Encodable {
        public let arm: String
        public let reference: String
        /// Of the means over the targets, and of the classes' means over the targets.
        public let statistics: PairedComparison
        public let verdict: Verdict
        /// Of the distance between the reference's and the teacher's mean over the targets, the fraction that the arm gained; nil
        /// without a teacher that is better by a point or more.
        public let gapClosed: Double?
    }

    public let source: Domain
    public let targets: [Domain]
    public let arms: [ArmScores]
    /// As in ``Comparison/differences``, of the arms that were tested on the targets.
    public let differences: [Difference]
    /// Arms and targets that are left out, in sentences.
    public let notes: [String]

    /// Nil when no arm was tested on target domains.
    /// - Parameter differences: those at home, which say what is compared with what.
    init?(_ arms: [Arm], _ differences: [Comparison.Difference]) throws {
        let tested = arms.filter { !$0.targetNames.isEmpty }
        guard let first = tested.first else { return nil }
        let names = first.targetNames.filter { name in tested.allSatisfy { $0.targetNames.contains(name) } }
        notes = Self.notes(arms, tested, names)
        guard !names.isEmpty, let home = first.runs[0].metrics else { return nil }
        try Self.checkAlike(tested, names)
        source = Domain(
            name: home.domains?.source?.name ?? home.dataset, dataset: home.dataset, images: home.images.count,
            protocolName: home.protocolName)
        targets = first.targets(names).map { target in
            let metrics = target[0].metrics
            return Domain(
                name: target[0].name, dataset: metrics.dataset, images: metrics.images.count, protocolName: metrics.protocolName)
        }
        let scores = tested.map { Self.scores($0, names) }
        let teacher = scores.first { $0.role == .teacher }
        self.arms = scores.map { $0.role == .teacher ? $0 : $0.keeping(of: teacher) }
        self.differences = differences.compactMap { difference in
            guard let arm = tested.first(where: { $0.name == difference.arm }),
                let reference = tested.first(where: { $0.name == difference.reference })
            else { return nil }
            return Self.difference(arm, reference, names, unequal: difference.unequal, teacher: teacher)
        }
    }

    private static func scores(_ arm: Arm, _ names: [String]) -> ArmScores {
        let home = arm.runs.compactMap(\.scores)
        let targets = arm.targets(names).map { $0.map(\.scores) }
        let means = home.indices.map { run in targets.reduce(0) { $0 + $1[run].meanIoU } / Double(targets.count) }
        let classIoU = ([home] + targets).map { runs in
            runs[0].classIoU.indices.map { index in mean(runs.compactMap { $0.classIoU[index] }) }
        }
        return ArmScores(
            arm: arm.name, role: arm.info.role, seeds: arm.runs.map(\.info.seed), source: Score(home.map(\.meanIoU)),
            targets: targets.map { Score($0.map(\.meanIoU)) }, targetMean: Score(means),
            gap: Score(zip(home, means).map { $0.meanIoU - $1 }), classIoU: classIoU,
            targetClassIoU: classIoU[0].indices.map { index in mean(classIoU.dropFirst().compactMap { $0[index] }) })
    }

    private static func difference(
        _ arm: Arm, _ reference: Arm, _ names: [String], unequal: [Condition], teacher: ArmScores?
    ) -> Difference {
        func results(_ arm: Arm) -> [[SeedResult]] { arm.targets(names).map { $0.map(\.seedResult) } }
        let statistics = PairedComparison(overSets: results(arm), against: results(reference))
        let distillation = reference.isPlain && arm.isDistilled && arm.info.model == reference.info.model
        let gap = teacher.map { $0.targetMean.mean - scores(reference, names).targetMean.mean } ?? 0
        return Difference(
            arm: arm.name, reference: reference.name, statistics: statistics,
            verdict: Verdict(
                statistics, arm: arm.name, reference: reference.name, distillation: distillation, unequal: unequal.map(\.rawValue)),
            gapClosed: gap >= Comparison.smallestGap && !arm.isTeacher ? statistics.difference / gap : nil)
    }

    private static func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : MeanAndSpread(values).mean }

    private static func notes(_ arms: [Arm], _ tested: [Arm], _ names: [String]) -> [String] {
        var notes: [String] = []
        let others = arms.map(\.name).filter { name in !tested.contains { $0.name == name } }
        if !others.isEmpty { notes.append("Not tested on the targets: \(others.joined(separator: ", ")).") }
        var left: [String] = []
        for name in tested.flatMap(\.targetNames) where !names.contains(name) && !left.contains(name) { left.append(name) }
        if !left.isEmpty { notes.append("Left out, as not all arms were tested there: \(left.joined(separator: ", ")).") }
        return notes
    }

    /// Scores on different data are not comparable.
    private static func checkAlike(_ arms: [Arm], _ names: [String]) throws {
        for (name, first) in zip(names, arms[0].targets(names).map { $0[0].metrics }) {
            for run in arms.flatMap(\.runs) {
                guard let target = run.targets.first(where: { $0.name == name })?.metrics else { continue }
                let isSame = target.dataset == first.dataset && target.classes.map(\.name) == first.classes.map(\.name)
                guard isSame else {
                    throw UserError(
                        "runs can only be compared on the same data: the target “\(name)” of \(run.folder.url.path) has other data or classes",
                        hint: "Evaluate them alike: the same data.targets in every recipe.")
                }
            }
        }
    }
}

extension DomainComparison.ArmScores {
    /// With what the arm keeps of the teacher's scores.
    fileprivate func keeping(of teacher: DomainComparison.ArmScores?) -> Self {
        guard let teacher else { return self }
        func share(_ mine: Double?, _ theirs: Double?) -> Double? {
            guard let mine, let theirs, theirs > 0 else { return nil }
            return mine / theirs
        }
        var scores = self
        scores.retained = share(targetMean.mean, teacher.targetMean.mean)
        scores.retainedByTarget = zip(targets, teacher.targets).map { share($0.mean, $1.mean) }
        scores.retainedByClass = zip(targetClassIoU, teacher.targetClassIoU).map(share)
        return scores
    }
}
