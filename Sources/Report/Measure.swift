import Foundation
import Runs
import SegEval

/// A score at the borders between classes that arms are compared by, beside mIoU.
public struct Measure: Sendable, Hashable, Encodable {
    /// `boundary IoU`, `boundary F1`, `trimap IoU`.
    public let name: String
    /// Of the band, such as `3 px`; nil in older records. Scores of different widths are different measures.
    public let width: String?

    public var title: String { width.map { "\(name), \($0)" } ?? name }
}

/// An arm against the reference in a measure.
public struct MeasureDifference: Sendable, Encodable {
    public let measure: Measure
    /// Means over the runs that are compared.
    public let arm: Double
    public let reference: Double
    public let statistics: PairedComparison
}

extension LoadedRun {
    /// What the run was scored for at the borders, with what the statistics need.
    var measures: [(measure: Measure, result: SeedResult)] {
        guard let metrics else { return [] }
        let (images, extra) = (metrics.images, metrics.extra)
        var found: [(Measure, SeedResult)] = []
        func add(_ name: String, _ scores: BorderScores?, _ ratios: [ImageRatios?]) {
            let known = ratios.compactMap(\.self)
            let complete = !known.isEmpty && known.count == ratios.count ? known : []
            let classScores = complete.isEmpty ? scores?.perClass ?? [] : complete.classScores
            guard let mean = ClassScores(classScores).mean else { return }
            let result = SeedResult(seed: info.seed, score: mean, classScores: classScores, images: complete)
            found.append((Measure(name: name, width: scores?.widthText), result))
        }
        add("boundary IoU", extra?.boundaryIoU, images.map { image in image.boundary.map { ImageRatios(image: image.image, $0) } })
        add("boundary F1", extra?.boundaryF1, images.map(\.boundaryF1Ratios))
        for (index, scores) in (extra?.trimapIoU ?? []).enumerated() {
            add(
                "trimap IoU", scores,
                images.map { image in
                    guard let trimap = image.trimap, index < trimap.count else { return nil }
                    return ImageRatios(image: image.image, trimap[index])
                })
        }
        return found
    }
}

extension ImageTally {
    fileprivate var boundaryF1Ratios: ImageRatios? {
        boundaryF1.map {
            ImageRatios(image: image, numerator: $0.sum, denominator: $0.images.map(Double.init), truth: truth.map(Double.init))
        }
    }
}

extension Arm {
    /// The results of the measures that all of its runs have, in the runs' order.
    var measures: [(measure: Measure, results: [SeedResult])] {
        let all = runs.map(\.measures)
        return (all.first ?? []).compactMap { entry in
            let results = all.compactMap { run in run.first { $0.measure == entry.measure }?.result }
            return results.count == runs.count ? (entry.measure, results) : nil
        }
    }

    /// Every measure that both arms have.
    func measureDifferences(against reference: Arm) -> [MeasureDifference] {
        let theirs = reference.measures
        return measures.compactMap { measure, mine in
            guard let base = theirs.first(where: { $0.measure == measure })?.results else { return nil }
            let statistics = PairedComparison(mine, against: base)
            func mean(_ results: [SeedResult]) -> Double {
                let compared = results.filter { statistics.seeds.isEmpty || statistics.seeds.contains($0.seed) }
                return MeanAndSpread(compared.map(\.score)).mean
            }
            return MeasureDifference(measure: measure, arm: mean(mine), reference: mean(base), statistics: statistics)
        }
    }
}
