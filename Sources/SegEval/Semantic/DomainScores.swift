/// Scores of the parts of a test set, such as weathers or cities, and their means, in which every part weighs the same.
public struct DomainScores: Sendable, Equatable, Codable {
    public struct Domain: Sendable, Equatable, Codable {
        public var name: String
        public var images: Int
        /// Nil when nothing in the part is labelled.
        public var meanIoU: Double?
        public var pixelAccuracy: Double?
        /// Nil where boundaries were not measured.
        public var boundaryIoU: Double?
        public var classIoU: [Double?]
    }

    public var domains: [Domain]
    public var meanIoU: Double?
    public var pixelAccuracy: Double?
    public var boundaryIoU: Double?

    /// - Parameter parts: each part's name and its images.
    public init(_ parts: [(name: String, images: [ImageTally])], classes: Int) {
        domains = parts.map { name, images in
            var pixels = ClassTally(classes: classes)
            var boundary = pixels
            for image in images {
                pixels += ClassTally(intersection: image.intersection, truth: image.truth, predicted: image.predicted)
                if let part = image.boundary { boundary += part }
            }
            let scores = pixels.scores
            return Domain(
                name: name, images: images.count, meanIoU: Self.finite(scores.meanIoU), pixelAccuracy: Self.finite(scores.pixelAccuracy),
                boundaryIoU: images.contains { $0.boundary != nil } ? Self.finite(boundary.scores.meanIoU) : nil,
                classIoU: scores.classIoU)
        }
        func mean(_ score: (Domain) -> Double?) -> Double? {
            let known = domains.compactMap(score)
            return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
        }
        meanIoU = mean(\.meanIoU)
        pixelAccuracy = mean(\.pixelAccuracy)
        boundaryIoU = mean(\.boundaryIoU)
    }

    private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}
