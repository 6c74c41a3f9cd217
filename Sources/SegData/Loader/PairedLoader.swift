import Support

/// Labelled and unlabelled images side by side, as semi-supervised training and domain adaptation need them: a step takes a batch
/// of each. The two have their own batch sizes, orders, augmentations and epochs.
///
/// The unlabelled stream has random numbers of its own, also with the same seed.
public final class PairedLoader {
    public let labelled: Loader
    public let unlabelled: Loader

    /// - Parameter position: where ``position`` was when the run was interrupted.
    /// - Throws: as ``Loader/init(_:_:from:)``.
    public init(
        labelled: any Dataset, _ options: LoaderOptions, unlabelled: any Dataset, _ unlabelledOptions: LoaderOptions,
        from position: Position = .start
    ) throws {
        var others = unlabelledOptions
        var random = SeededRandom(others.seed, -2)
        others.seed = Int(truncatingIfNeeded: random.next() >> 1)
        self.labelled = try Loader(labelled, options, from: position.labelled)
        self.unlabelled = try Loader(unlabelled, others, from: position.unlabelled)
    }

    /// The batches that `next()` will give.
    public var position: Position { Position(labelled: labelled.position, unlabelled: unlabelled.position) }

    /// The next batch of each; nil after the last epoch of either.
    public func next() throws -> (labelled: Batch, unlabelled: Batch)? {
        guard let first = try labelled.next(), let second = try unlabelled.next() else { return nil }
        return (first, second)
    }

    /// A place in both streams.
    public struct Position: Sendable, Codable, Hashable {
        public var labelled: LoaderPosition
        public var unlabelled: LoaderPosition

        public init(labelled: LoaderPosition, unlabelled: LoaderPosition) {
            self.labelled = labelled
            self.unlabelled = unlabelled
        }

        public static let start = Position(labelled: .start, unlabelled: .start)
    }
}
