import Runs
import SegEval

extension LoadedRun {
    /// A run's evaluation on a target domain.
    struct Target: Sendable {
        let name: String
        let metrics: Metrics
        /// Computed anew from the counts of `metrics`.
        let scores: Scores
        let seed: Int

        var seedResult: SeedResult {
            SeedResult(seed: seed, score: scores.meanIoU, classScores: scores.classIoU, images: metrics.images.map(ImageRatios.init))
        }
    }

    /// Those that the evaluation names as its targets and that are kept.
    static func targets(_ folder: RunFolder, _ metrics: Metrics?, seed: Int) throws -> [Target] {
        guard let domains = metrics?.domains, domains.source != nil else { return [] }
        let kept = folder.metricsNames()
        return try domains.domains.compactMap { domain in
            let name = RunFolder.targetName(domain.name)
            guard kept.contains(name) else { return nil }
            let metrics = try folder.readMetrics(named: name)
            return Target(
                name: domain.name, metrics: metrics, scores: Scores(confusion: metrics.confusion, outside: metrics.outside), seed: seed)
        }
    }
}

extension Arm {
    /// The targets that all of the arm's runs were tested on.
    var targetNames: [String] {
        runs[0].targets.map(\.name).filter { name in runs.allSatisfy { run in run.targets.contains { $0.name == name } } }
    }

    /// For each target the evaluations of the runs, in their order.
    func targets(_ names: [String]) -> [[LoadedRun.Target]] {
        names.map { name in runs.compactMap { run in run.targets.first { $0.name == name } } }
    }
}
