/// The sequence of batches that follows from a seed: which samples, in which order, and which of them are this process's.
struct BatchOrder: Sendable {
    let epochs: EpochOrder
    let batchSize: Int
    let dropLast: Bool
    let share: LoaderShare

    /// Samples of one step, in all processes.
    private var stepSize: Int { batchSize * share.count }

    var batchesPerEpoch: Int { dropLast ? epochs.count / stepSize : (epochs.count + stepSize - 1) / stepSize }

    /// Where this process's part of a batch lies in the epoch's order. The last step, where it is smaller, is divided evenly.
    func range(batch: Int) -> Range<Int> {
        let start = batch * stepSize
        let size = min(stepSize, epochs.count - start)
        return start + size * share.index / share.count..<start + size * (share.index + 1) / share.count
    }

    /// Whether every process has samples in every batch.
    var fillsEveryBatch: Bool {
        let last = epochs.count % stepSize
        return dropLast || last == 0 || last >= share.count
    }

    func next(after position: LoaderPosition) -> LoaderPosition {
        position.batch + 1 < batchesPerEpoch
            ? LoaderPosition(epoch: position.epoch, batch: position.batch + 1) : LoaderPosition(epoch: position.epoch + 1, batch: 0)
    }
}

/// Which part of every step a process loads, when several train together. All draw the same order, so they need not talk.
public struct LoaderShare: Sendable, Hashable {
    /// The process's number (rank), from 0.
    public let index: Int
    /// How many there are (world size).
    public let count: Int

    /// - Precondition: 0 ≤ index < count.
    public init(_ index: Int, of count: Int) {
        precondition((0..<count).contains(index), "process \(index) of \(count)")
        self.index = index
        self.count = count
    }

    public static let all = LoaderShare(0, of: 1)
}
