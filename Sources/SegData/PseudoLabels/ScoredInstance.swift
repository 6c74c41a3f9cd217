import Vision

/// An object that a network has found, and how sure it is of it.
public struct ScoredInstance: Sendable, Equatable {
    /// The class, an index into the list of classes that the network tells apart.
    public var category: Int
    /// From 0 to 1.
    public var score: Double
    /// Of the image's size.
    public var mask: RunLengthMask

    public init(category: Int, score: Double, mask: RunLengthMask) {
        (self.category, self.score, self.mask) = (category, score, mask)
    }
}

extension [ScoredInstance] {
    /// The objects as pseudo-labels: those whose score is at least `threshold`, the surest first, each without the pixels that a surer one
    /// has, and without those of which nothing is left. Of equally sure ones the earlier comes first.
    ///
    /// SSKD's post-processing (Taghavi et al. 2026), by run lengths: the time grows with the runs, not with the pixels.
    /// - Precondition: all masks have one size.
    public func painted(threshold: Double) -> [ScoredInstance] {
        let sure = filter { $0.score >= threshold }.enumerated()
            .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
        var taken: RunLengthMask?
        return sure.compactMap { object in
            var own = object
            if let taken { own.mask = object.mask.subtracting(taken) }
            guard !own.mask.isEmpty else { return nil }
            taken = taken?.union(own.mask) ?? own.mask
            return own
        }
    }
}
