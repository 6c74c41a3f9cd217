import Torch

/// An object that a detector found.
public struct Detection: Sendable, Equatable {
    /// Which of the prompt's phrases it is.
    public let phrase: Int
    /// In [0, 1].
    public let score: Double
    /// Edges in pixels of the image, inside of it.
    public let left, top, right, bottom: Double

    public init(phrase: Int, score: Double, left: Double, top: Double, right: Double, bottom: Double) {
        (self.phrase, self.score) = (phrase, score)
        (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }
}

/// How the scores of pieces become those of phrases.
public enum PhraseScore: String, Sendable, CaseIterable {
    /// A query's score is that of the phrases' piece that fits best, and it is the phrase with that piece. Where no stop and no end of the
    /// prompt fits better still (they do not, in practice), that is the score of transformers' processor and of Grounding DINO's authors.
    case highest
    /// A phrase's score is the mean of its pieces', and a query may be several phrases: as mmdetection has it, and so SSKD's teacher.
    case mean
}

extension GroundingDINO {
    /// How those who published the network score phrases.
    public var phraseScore: PhraseScore { configuration.isMM ? .mean : .highest }

    /// The size that an image is shown in.
    public func inputSize(height: Int, width: Int) -> [Int] {
        let (short, long) = (Double(min(height, width)), Double(max(height, width)))
        var (side, exact) = (imageSides.shorter, Double(imageSides.shorter))
        if long / short * exact > Double(imageSides.longer) {
            exact = Double(imageSides.longer) * short / long
            side = max(1, Int(exact.rounded(.toNearestOrEven)))
        }
        if min(height, width) == side { return [height, width] }
        // Rounded down as transformers does.
        let other = max(1, Int(exact * long / short))
        return width < height ? [other, side] : [side, other]
    }
}

extension GroundingDINO.Output {
    /// The objects of one image, the best first.
    ///
    /// - Parameters:
    ///   - index: of the image.
    ///   - ranges: the prompt's: which pieces are a phrase's.
    ///   - threshold: scores must be above it.
    ///   - most: how many there may be.
    public func detections(
        of index: Int = 0, ranges: [Range<Int>], height: Int, width: Int, score rule: PhraseScore, threshold: Double = 0.3, most: Int = 100
    ) -> [Detection] {
        let (queries, pieces) = (logits.size(1), logits.size(2))
        let scores = logits[index].float.sigmoid().array(of: Float.self)
        let corners = boxes[index].array(of: Float.self).map(Double.init)
        var found: [(query: Int, phrase: Int, score: Double)] = []
        for query in 0..<queries {
            let row = scores[query * pieces..<(query + 1) * pieces]
            func piece(_ place: Int) -> Double { Double(row[row.startIndex + place]) }
            switch rule {
            case .highest:
                let best = ranges.enumerated().map { (phrase: $0, score: $1.map(piece).max()!) }.max { $0.score < $1.score }
                if let best { found.append((query, best.phrase, best.score)) }
            case .mean:
                found += ranges.indices.map { (query, $0, ranges[$0].map(piece).reduce(0, +) / Double(ranges[$0].count)) }
            }
        }
        let kept = found.filter { $0.score > threshold }.sorted { $0.score > $1.score }.prefix(most)
        return kept.map { query, phrase, score in
            let (x, y) = (corners[4 * query], corners[4 * query + 1])
            let (half, tall) = (corners[4 * query + 2] / 2, corners[4 * query + 3] / 2)
            func inside(_ place: Double, _ length: Int) -> Double { min(max(place, 0), 1) * Double(length) }
            return Detection(
                phrase: phrase, score: score, left: inside(x - half, width), top: inside(y - tall, height), right: inside(x + half, width),
                bottom: inside(y + tall, height))
        }
    }
}
