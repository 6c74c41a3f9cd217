import Runs
import SegEval

/// What runs that tell objects apart are compared by.
public enum ObjectMeasure: String, Sendable, CaseIterable, Encodable {
    /// Of the masks, as the next.
    case precision = "AP"
    case half = "AP50"
    case threeQuarters = "AP75"
    case small = "AP small"
    case medium = "AP medium"
    case large = "AP large"
    /// Of the smaller of the IoUs of masks and boundaries.
    case boundary = "boundary AP"

    /// Those with intervals of their own beside AP's.
    static let compared = [half, boundary]

    func score(_ metrics: InstanceMetrics) -> Double? {
        let masks = metrics.masks.summary
        switch self {
        case .precision: return masks.averagePrecision
        case .half: return masks.averagePrecision50
        case .threeQuarters: return masks.averagePrecision75
        case .small: return masks.averagePrecisionSmall
        case .medium: return masks.averagePrecisionMedium
        case .large: return masks.averagePrecisionLarge
        case .boundary: return metrics.boundaries.summary.averagePrecision
        }
    }
}

extension Arm {
    /// By run what the statistics need; without the runs that have no such score.
    func results(_ measure: ObjectMeasure) -> [SeedResult] {
        runs.compactMap { run in
            guard let objects = run.objects, let score = measure.score(objects) else { return nil }
            let classes = measure == .precision ? objects.masks.categories.map(\.averagePrecision) : []
            return SeedResult(seed: run.info.seed, score: score, classScores: classes, images: [])
        }
    }
}
