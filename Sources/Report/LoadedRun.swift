import Foundation
import Runs
import SegEval
import Support

/// What reports and comparisons take from a run folder.
struct LoadedRun: Sendable {
    let folder: RunFolder
    let info: RunInfo
    let events: [RunEvent]
    /// The evaluation that is compared; nil when the run has none of that name.
    let metrics: Metrics?
    /// Computed anew from the counts of `metrics`.
    let scores: Scores?
    /// The same of objects.
    let objects: InstanceMetrics?
    let conditions: RunConditions
    /// The evaluations on target domains that belong to `metrics`.
    let targets: [Target]

    init(_ folder: RunFolder, metricsName: String?) throws {
        self.folder = folder
        info = try folder.readInfo()
        events = try EventLog.read(folder)
        let name = metricsName.flatMap { folder.metricsNames().contains($0) ? $0 : nil }
        metrics = try name.map(folder.readMetrics(named:))
        scores = metrics.map { Scores(confusion: $0.confusion, outside: $0.outside) }
        objects = try metricsName.flatMap { try folder.objectMetricsNames().contains($0) ? folder.readObjectMetrics(named: $0) : nil }
        targets = try Self.targets(folder, metrics, seed: info.seed)
        let scored = metrics.map { ($0.protocolName, $0.checkpoint) } ?? objects.map { ($0.protocolName, $0.checkpoint) }
        conditions = try RunConditions(folder, info, scored, targets)
    }

    var steps: [StepEvent] {
        events.compactMap { if case .step(let event) = $0 { event } else { nil } }
    }

    var evaluations: [EvaluationEvent] {
        events.compactMap { if case .evaluation(let event) = $0 { event } else { nil } }
    }

    /// What the statistics need; nil without metrics.
    var seedResult: SeedResult? {
        guard let metrics, let scores else { return nil }
        return SeedResult(
            seed: info.seed, score: scores.meanIoU, classScores: scores.classIoU, images: metrics.images.map(ImageRatios.init))
    }

    /// The runs with the evaluation that they are compared by; each has it.
    /// - Parameter metricsName: by default the one that most of them have.
    /// - Throws: `UserError` when there are no runs, or one was not evaluated.
    static func all(_ folders: [RunFolder], _ metricsName: String?, ofObjects: Bool = false) throws -> [LoadedRun] {
        guard !folders.isEmpty else { throw UserError("no runs to compare", hint: "Name the run folders.", exitCode: .usage) }
        let name = metricsName ?? commonMetricsName(folders, ofObjects: ofObjects)
        let runs = try folders.map { try LoadedRun($0, metricsName: name) }
        for run in runs where ofObjects ? run.objects == nil : run.metrics == nil {
            throw UserError(
                "\(run.folder.url.path) has no evaluation\(name.map { " “\($0)”" } ?? "")\(ofObjects ? " of objects" : "") to compare",
                hint: "Make one: segdistill evaluate \(run.folder.url.path)")
        }
        return runs
    }

    /// The evaluation that most of the runs have; of equally common ones `test`, then `val`, then the first by name.
    static func commonMetricsName(_ folders: [RunFolder], ofObjects: Bool = false) -> String? {
        var counts: [String: Int] = [:]
        for folder in folders {
            for name in ofObjects ? folder.objectMetricsNames() : folder.metricsNames() { counts[name, default: 0] += 1 }
        }
        func rank(_ name: String) -> (Int, Int, String) {
            (-(counts[name] ?? 0), ["test", "val"].firstIndex(of: name) ?? 2, name)
        }
        return counts.keys.min { rank($0) < rank($1) }
    }
}
