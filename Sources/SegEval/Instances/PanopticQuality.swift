import Support

/// Panoptic quality (Kirillov et al. 2019): a segment is found when one of its class covers it with an IoU above 0.5.
/// PQ = Σ IoU / (TP + FP/2 + FN/2) = SQ × RQ.
public struct PanopticQuality: Sendable, Equatable, Codable {
    /// PQ, SQ and RQ: of one class, or means over classes. Fractions.
    public struct Scores: Sendable, Equatable, Codable {
        public let panopticQuality: Double
        /// The mean IoU of what was found.
        public let segmentationQuality: Double
        /// TP / (TP + FP/2 + FN/2).
        public let recognitionQuality: Double

        private enum CodingKeys: String, CodingKey {
            case panopticQuality = "PQ"
            case segmentationQuality = "SQ"
            case recognitionQuality = "RQ"
        }
    }

    /// Counts and scores of one class.
    public struct Class: Sendable, Equatable, Codable {
        public let id: Int
        public let name: String
        public let isThing: Bool
        public let found: Int
        /// Predicted segments that are none.
        public let wrong: Int
        public let missed: Int
        /// Nil where nothing was there and nothing was predicted.
        public let scores: Scores?
    }

    /// Means over the classes that occur; nil when none does.
    public let all: Scores?
    public let things: Scores?
    public let stuff: Scores?
    /// By id.
    public let classes: [Class]
    public let images: Int

    private enum CodingKeys: String, CodingKey {
        case all, things, stuff
        case classes = "perClass"
        case images
    }
}

/// Counts of one class.
struct PanopticTally: Sendable {
    var overlap = 0.0
    var found = 0
    var wrong = 0
    var missed = 0

    static func + (left: PanopticTally, right: PanopticTally) -> PanopticTally {
        PanopticTally(
            overlap: left.overlap + right.overlap, found: left.found + right.found, wrong: left.wrong + right.wrong,
            missed: left.missed + right.missed)
    }

    var scores: PanopticQuality.Scores? {
        guard found + wrong + missed > 0 else { return nil }
        let total = Double(found) + 0.5 * Double(wrong) + 0.5 * Double(missed)
        return PanopticQuality.Scores(
            panopticQuality: overlap / total, segmentationQuality: found > 0 ? overlap / Double(found) : 0,
            recognitionQuality: Double(found) / total)
    }
}
