/// One image's pixel counts by class, as a run predicted it; paired statistics resample images and add these up.
public struct ImageTally: Sendable, Equatable, Codable {
    /// The sample's name.
    public var image: String
    /// Pixels of the class that were predicted as such.
    public var intersection: [Int64]
    /// Pixels of the class.
    public var truth: [Int64]
    /// Pixels predicted as the class, ignored ones left out.
    public var predicted: [Int64]
    /// The same in the inner bands of the masks, for boundary IoU; nil where that was not computed.
    public var boundary: ClassTally?
    /// For boundary F1; nil where that was not computed.
    public var boundaryF1: ContourTally?
    /// In the trimaps, one for each width; nil where that was not computed.
    public var trimap: [ClassTally]?

    public init(image: String, intersection: [Int64], truth: [Int64], predicted: [Int64], boundary: ClassTally? = nil) {
        self.image = image
        self.intersection = intersection
        self.truth = truth
        self.predicted = predicted
        self.boundary = boundary
    }

    public init(image: String, _ tally: SemanticTally) {
        let pixels = tally.pixels
        self.init(
            image: image, intersection: pixels.intersection, truth: pixels.truth, predicted: pixels.predicted, boundary: tally.boundary)
        boundaryF1 = tally.boundaryF1
        trimap = tally.trimap.isEmpty ? nil : tally.trimap
    }

    public var scores: Scores { Scores(intersection: intersection, truth: truth, predicted: predicted) }

    /// The counts of boundary IoU in place of those of IoU, so that the statistics of IoU are those of boundary IoU.
    public var atBoundary: ImageTally? {
        boundary.map { ImageTally(image: image, intersection: $0.intersection, truth: $0.truth, predicted: $0.predicted) }
    }
}
