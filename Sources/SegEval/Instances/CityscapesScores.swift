/// Cityscapes' scores of instances. Fractions; nil for classes without an object to be found.
public struct CityscapesScores: Sendable, Equatable, Codable {
    /// Scores of one class.
    public struct Class: Sendable, Equatable, Codable {
        public let name: String
        /// Objects to be found: no groups, at least 100 pixels.
        public let truths: Int
        public let detections: Int
        /// Mean over the overlaps 0.5, 0.55, … 0.95.
        public let averagePrecision: Double?
        /// At the overlap 0.5.
        public let averagePrecision50: Double?

        private enum CodingKeys: String, CodingKey {
            case name
            case truths = "objects"
            case detections
            case averagePrecision = "AP"
            case averagePrecision50 = "AP50"
        }
    }

    /// The mean over classes and overlaps.
    public let averagePrecision: Double?
    public let averagePrecision50: Double?
    public let classes: [Class]
    public let images: Int
    /// Detections by a label id that has no instances or is not evaluated. They are in no score.
    public let unscoredLabels: [Int: Int]

    private enum CodingKeys: String, CodingKey {
        case averagePrecision = "AP"
        case averagePrecision50 = "AP50"
        case classes = "perClass"
        case images, unscoredLabels
    }
}
