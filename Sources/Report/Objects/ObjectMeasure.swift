import Runs
import SegEval

/// What runs that tell objects apart are compared by.
public enum ObjectMeasure: String, Sendable, CaseIterable, Encodable {
    /// By Cityscapes' rules, where these chose the checkpoints, as the next.
    case cityscapes = "Cityscapes AP"
    case cityscapesHalf = "Cityscapes AP50"
    /// COCO's, of the masks, as the next.
    case precision = "AP"
    case half = "AP50"
    case threeQuarters = "AP75"
    case small = "AP small"
    case medium = "AP medium"
    case large = "AP large"
    /// Of the smaller of the IoUs of masks and boundaries.
    case boundary = "boundary AP"

    /// What the verdict is on: the AP that the runs' checkpoints were chosen by.
    static func main(of runs: [InstanceMetrics]) -> ObjectMeasure {
        runs.allSatisfy { $0.cityscapes?.averagePrecision != nil } ? .cityscapes : .precision
    }

    /// Those with intervals of their own beside this one's.
    var compared: [ObjectMeasure] { self == .cityscapes ? [.cityscapesHalf, .precision, .boundary] : [.half, .boundary] }

    func score(_ metrics: InstanceMetrics) -> Double? {
        let masks = metrics.masks.summary
        switch self {
        case .cityscapes: return metrics.cityscapes?.averagePrecision
        case .cityscapesHalf: return metrics.cityscapes?.averagePrecision50
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

extension ObjectMeasure {
    /// Of every class; none for measures that are not compared by class.
    fileprivate func classScores(_ metrics: InstanceMetrics) -> [Double?] {
        switch self {
        case .cityscapes: return metrics.cityscapes?.classes.map(\.averagePrecision) ?? []
        case .precision: return metrics.masks.categories.map(\.averagePrecision)
        default: return []
        }
    }
}

extension Arm {
    /// By run what the statistics need; without the runs that have no such score.
    func results(_ measure: ObjectMeasure) -> [SeedResult] {
        runs.compactMap { run in
            guard let objects = run.objects, let score = measure.score(objects) else { return nil }
            return SeedResult(seed: run.info.seed, score: score, classScores: measure.classScores(objects), images: [])
        }
    }
}
