/// An image with a score by which it is ranked.
public struct RankedImage: Sendable, Equatable, Codable {
    public let name: String
    public let score: Double

    public init(name: String, score: Double) {
        self.name = name
        self.score = score
    }
}

extension [ImageTally] {
    /// From the highest score to the lowest; those of equal score in their own order. Images without a score are left out.
    public func ranked(by score: (ImageTally) -> Double) -> [RankedImage] {
        let scored = map { RankedImage(name: $0.image, score: score($0)) }.filter { $0.score.isFinite }
        return scored.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
    }

    /// By how much each image's mIoU is above that of the image of the same name in `others`: from the largest gain to the largest loss.
    public func gains(over others: [ImageTally]) -> [RankedImage] {
        let known = Dictionary(others.map { ($0.image, $0.scores.meanIoU) }, uniquingKeysWith: { first, _ in first })
        return ranked { image in known[image.image].map { image.scores.meanIoU - $0 } ?? .nan }
    }
}
