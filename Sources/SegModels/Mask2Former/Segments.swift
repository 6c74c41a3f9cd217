import Torch

/// One object, or one stretch of stuff, that was found in an image.
public struct Segment: Sendable, Equatable {
    /// Its number in the map of segments.
    public let id: Int
    /// Its class.
    public let label: Int
    /// How sure the network is, in [0, 1].
    public let score: Double

    public init(id: Int, label: Int, score: Double) {
        (self.id, self.label, self.score) = (id, label, score)
    }
}

/// Which pixels belong to which segment.
public struct SegmentMap {
    /// H×W int32: the segment's number, −1 where there is none.
    public let ids: Tensor
    public let segments: [Segment]
    /// N×H×W truth values, of every segment in turn; instances may overlap, and `ids` shows the later one.
    public let masks: Tensor
}

extension MaskPredictions {
    /// Masks before the sigmoid, resized to the size that post-processing works at.
    func resizedMasks(_ size: [Int]?) -> Tensor { size.map { F.bilinear(maskLogits.detach(), $0) } ?? maskLogits.detach() }

    func checkCount(_ sizes: [[Int]]?) {
        precondition(sizes == nil || sizes!.count == maskLogits.size(0), "one size for every image")
    }
}
