import SegData
import Support

/// COCO's scores of detections. Fractions; nil where the truth has no object that could be found.
public struct COCOScores: Sendable, Equatable, Codable {
    /// What of an object is compared.
    public enum Region: String, Sendable, Codable, CaseIterable {
        case box, mask
        /// The smaller of the masks' IoU and that of their boundaries (Cheng et al. 2021); masks alone for crowds.
        case boundary
    }

    /// Scores of one category.
    public struct Category: Sendable, Equatable, Codable {
        public let id: Int
        public let name: String
        /// Objects to be found, without crowds.
        public let truths: Int
        /// Detections on all images, without those that are beyond an image's 100 best.
        public let detections: Int
        /// Mean over the ten thresholds from 0.5 to 0.95 and the 101 recalls.
        public let averagePrecision: Double?
        public let averagePrecision50: Double?
        public let averagePrecision75: Double?
        /// Mean over the ten thresholds, with 100 detections an image.
        public let averageRecall: Double?

        private enum CodingKeys: String, CodingKey {
            case id, name
            case truths = "objects"
            case detections
            case averagePrecision = "AP"
            case averagePrecision50 = "AP50"
            case averagePrecision75 = "AP75"
            case averageRecall = "AR100"
        }
    }

    public let region: Region
    public let summary: COCOSummary
    /// By id.
    public let categories: [Category]
    /// Detections by a category id that the truth does not know. They are in no score.
    public let unknownCategories: [Int: Int]

    private enum CodingKeys: String, CodingKey {
        case region, summary
        case categories = "perClass"
        case unknownCategories
    }
}

/// COCO's twelve numbers, means over the categories that have objects. Objects are small below 32² pixels, large above 96².
public struct COCOSummary: Sendable, Equatable, Codable {
    /// Average precision over the thresholds 0.5, 0.55, … 0.95.
    public let averagePrecision: Double?
    /// At the threshold 0.5.
    public let averagePrecision50: Double?
    /// At the threshold 0.75.
    public let averagePrecision75: Double?
    public let averagePrecisionSmall: Double?
    public let averagePrecisionMedium: Double?
    public let averagePrecisionLarge: Double?
    /// The largest recall with one detection an image, averaged over thresholds.
    public let averageRecall1: Double?
    /// With 10 detections an image.
    public let averageRecall10: Double?
    /// With 100 detections an image.
    public let averageRecall100: Double?
    public let averageRecallSmall: Double?
    public let averageRecallMedium: Double?
    public let averageRecallLarge: Double?

    private enum CodingKeys: String, CodingKey {
        case averagePrecision = "AP"
        case averagePrecision50 = "AP50"
        case averagePrecision75 = "AP75"
        case averagePrecisionSmall = "APsmall"
        case averagePrecisionMedium = "APmedium"
        case averagePrecisionLarge = "APlarge"
        case averageRecall1 = "AR1"
        case averageRecall10 = "AR10"
        case averageRecall100 = "AR100"
        case averageRecallSmall = "ARsmall"
        case averageRecallMedium = "ARmedium"
        case averageRecallLarge = "ARlarge"
    }

    /// All, in COCO's order, with COCO's names.
    public var rows: [(name: String, value: Double?)] {
        [
            ("AP", averagePrecision), ("AP50", averagePrecision50), ("AP75", averagePrecision75), ("AP small", averagePrecisionSmall),
            ("AP medium", averagePrecisionMedium), ("AP large", averagePrecisionLarge), ("AR 1", averageRecall1),
            ("AR 10", averageRecall10), ("AR 100", averageRecall100), ("AR small", averageRecallSmall),
            ("AR medium", averageRecallMedium), ("AR large", averageRecallLarge),
        ]
    }
}
