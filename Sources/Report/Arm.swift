import Foundation
import Runs
import SegEval
import Support

/// Runs that differ in nothing but their seed.
struct Arm: Sendable {
    let name: String
    let runs: [LoadedRun]

    var info: RunInfo { runs[0].info }
    var isTeacher: Bool { info.role == .teacher }
    var isPlain: Bool { info.isPlainStudent }
    var isDistilled: Bool { info.role == .student && info.method != nil }

    var scored: [LoadedRun] { runs.filter { $0.scores != nil } }

    /// mIoU over the seeds; nil when no run has been evaluated.
    var meanIoU: MeanAndSpread? { spread(\.meanIoU) }

    func spread(_ score: (Scores) -> Double) -> MeanAndSpread? {
        let values = runs.compactMap(\.scores).map(score)
        return values.isEmpty ? nil : MeanAndSpread(values)
    }

    /// By class, the mean over the seeds.
    var classIoU: [Double?] {
        let scores = runs.compactMap(\.scores)
        guard let first = scores.first else { return [] }
        return first.classIoU.indices.map { index in
            let values = scores.compactMap { $0.classIoU[index] }
            return values.isEmpty ? nil : MeanAndSpread(values).mean
        }
    }

    /// By image, the mean over the seeds of its own mIoU; without the images that have none.
    var imageScores: [String: Double] {
        var sums: [String: (sum: Double, count: Int)] = [:]
        for image in runs.flatMap({ $0.metrics?.images ?? [] }) {
            let score = image.scores.meanIoU
            guard score.isFinite else { continue }
            let old = sums[image.image, default: (0, 0)]
            sums[image.image] = (old.sum + score, old.count + 1)
        }
        return sums.mapValues { $0.sum / Double($0.count) }
    }

    var parameters: Int? { runs.lazy.compactMap { $0.info.parameters ?? $0.metrics?.parameters }.first }

    /// Of the evaluation, the mean over the seeds.
    var imagesPerSecond: Double? {
        let rates = runs.compactMap { $0.metrics?.imagesPerSecond }
        return rates.isEmpty ? nil : MeanAndSpread(rates).mean
    }

    /// Groups runs: teachers first, then plain students, then distilled ones, else as given.
    /// - Throws: `UserError` when an arm has a seed twice.
    static func group(_ runs: [LoadedRun]) throws -> [Arm] {
        var keys: [[String]] = []
        var groups: [[String]: [LoadedRun]] = [:]
        for run in runs {
            let key = [run.info.arm, run.info.role.rawValue, run.info.method ?? "", run.info.model]
            if groups[key] == nil { keys.append(key) }
            groups[key, default: []].append(run)
        }
        let arms = try keys.map { key in
            let shared = keys.filter { $0[0] == key[0] }.count > 1
            let runs = groups[key, default: []].sorted { $0.info.seed < $1.info.seed }
            let arm = Arm(name: shared ? "\(key[0]) (\(key[3]))" : key[0], runs: runs)
            for (one, next) in zip(runs, runs.dropFirst()) where one.info.seed == next.info.seed {
                throw UserError(
                    "\(one.folder.url.path) and \(next.folder.url.path) are both seed \(one.info.seed) of “\(arm.name)”",
                    hint: "Leave one of them out, or give each its own arm name in the recipe.")
            }
            return arm
        }
        func rank(_ arm: Arm) -> Int { arm.isTeacher ? 0 : arm.isPlain ? 1 : 2 }
        return arms.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    }
}
