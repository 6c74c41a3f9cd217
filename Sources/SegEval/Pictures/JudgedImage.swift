import SegData
import Vision

/// One image's objects and what was found of them.
///
/// In falling order of score every detection takes the free object of its class that it covers best, if their IoU is 0.5 or more. One that
/// takes none is a mistake, but for those of which a half or more lies on a crowd. Leaving out the less sure ones changes nothing for the others.
public struct JudgedImage: Sendable {
    public struct Truth: Sendable {
        /// An index into the classes.
        public let category: Int
        public let mask: RunLengthMask
        public let isCrowd: Bool
        /// The score of the detection that found it; nil where none did.
        public internal(set) var finder: Double?
    }

    public struct Detection: Sendable {
        public enum Outcome: Sendable, Equatable {
            /// With the IoU.
            case right(Double)
            case wrong, onCrowd
        }

        public let category: Int
        public let score: Double
        public let mask: RunLengthMask
        public internal(set) var outcome = Outcome.wrong
    }

    /// The image's number in the file that it was read from.
    public let id: Int
    public let name: String
    public private(set) var truths: [Truth]
    /// By falling score.
    public private(set) var detections: [Detection]

    private static let leastOverlap = 0.5

    init(id: Int, name: String, truths: [Truth], detections: [Detection]) {
        (self.id, self.name, self.truths) = (id, name, truths)
        self.detections = detections.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
        judge()
    }

    /// Whether the masks are of the picture's size.
    public func fits(_ picture: Image) -> Bool {
        (truths.map(\.mask) + detections.map(\.mask)).allSatisfy { $0.width == picture.width && $0.height == picture.height }
    }

    private mutating func judge() {
        let masks = truths.map { MeasuredMask($0.mask) }
        for number in detections.indices {
            let own = detections[number]
            let mask = MeasuredMask(own.mask)
            func overlap(_ index: Int) -> Double { mask.iou(masks[index], crowd: truths[index].isCrowd) }
            let alike = truths.indices.filter { truths[$0].category == own.category }
            let free = alike.filter { !truths[$0].isCrowd && truths[$0].finder == nil }.map { (index: $0, overlap: overlap($0)) }
            if let best = free.max(by: { $0.overlap < $1.overlap }), best.overlap >= Self.leastOverlap {
                truths[best.index].finder = own.score
                detections[number].outcome = .right(best.overlap)
            } else if alike.contains(where: { truths[$0].isCrowd && overlap($0) >= Self.leastOverlap }) {
                detections[number].outcome = .onCrowd
            }
        }
    }

    /// Counts of the detections that score at least `threshold`: the sum of the IoUs of the right ones, their number, that of the wrong ones,
    /// and that of the objects that none of them found.
    func counts(threshold: Double) -> (overlap: Double, right: Int, wrong: Int, missed: Int) {
        var (overlap, right, wrong) = (0.0, 0, 0)
        for detection in detections.prefix(while: { $0.score >= threshold }) {
            switch detection.outcome {
            case .right(let iou):
                overlap += iou
                right += 1
            case .wrong: wrong += 1
            case .onCrowd: break
            }
        }
        return (overlap, right, wrong, truths.count { !$0.isCrowd } - right)
    }

    /// Panoptic quality (Kirillov et al. 2019) of the detections that score at least `threshold`, all classes together: the sum of the IoUs of
    /// the right ones, over their number and half of the wrong and the missed. Nil where nothing is there and nothing was found.
    public func quality(threshold: Double) -> Double? {
        let counts = counts(threshold: threshold)
        let all = Double(counts.right) + Double(counts.wrong + counts.missed) / 2
        return all == 0 ? nil : counts.overlap / all
    }
}
