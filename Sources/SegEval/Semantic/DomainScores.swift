/// Scores of the parts of a test set, such as weathers or cities, or of target domains, and their means, in which each weighs the same.
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

    /// Where the network was trained for, if the domains are targets; not in the means.
    public var source: Domain?
    public var domains: [Domain]
    public var meanIoU: Double?
    public var pixelAccuracy: Double?
    public var boundaryIoU: Double?
    /// The source's mIoU minus the mean of the targets'.
    public var gap: Double?

    /// - Parameters:
    ///   - parts: each part's name and its images.
    ///   - source: the source domain's name and images, where the parts are targets.
    public init(
        _ parts: [(name: String, images: [ImageTally])], source: (name: String, images: [ImageTally])? = nil, classes: Int
    ) {
        domains = parts.map { Domain($0.name, $0.images, classes: classes) }
        self.source = source.map { Domain($0.name, $0.images, classes: classes) }
        func mean(_ score: (Domain) -> Double?) -> Double? {
            let known = domains.compactMap(score)
            return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
        }
        meanIoU = mean(\.meanIoU)
        pixelAccuracy = mean(\.pixelAccuracy)
        boundaryIoU = mean(\.boundaryIoU)
        if let home = self.source?.meanIoU, let abroad = meanIoU { gap = home - abroad }
    }
}

extension DomainScores.Domain {
    fileprivate init(_ name: String, _ images: [ImageTally], classes: Int) {
        var pixels = ClassTally(classes: classes)
        var boundary = pixels
        for image in images {
            pixels += ClassTally(intersection: image.intersection, truth: image.truth, predicted: image.predicted)
            if let part = image.boundary { boundary += part }
        }
        func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
        let scores = pixels.scores
        self.init(
            name: name, images: images.count, meanIoU: finite(scores.meanIoU), pixelAccuracy: finite(scores.pixelAccuracy),
            boundaryIoU: images.contains { $0.boundary != nil } ? finite(boundary.scores.meanIoU) : nil, classIoU: scores.classIoU)
    }
}
