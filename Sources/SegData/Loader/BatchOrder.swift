import Support

/// The sequence of batches that follows from a seed: which samples, in which order.
struct BatchOrder: Sendable {
    let sampleCount: Int
    let batchSize: Int
    let shuffle: Bool
    let dropLast: Bool
    let seed: Int

    var batchesPerEpoch: Int {
        dropLast ? sampleCount / batchSize : (sampleCount + batchSize - 1) / batchSize
    }

    func permutation(epoch: Int) -> [Int] {
        guard shuffle else { return Array(0..<sampleCount) }
        // The third key keeps this stream apart from those of the samples' augmentations.
        var random = SeededRandom(seed, epoch, -1)
        return random.shuffled(0..<sampleCount)
    }

    func next(after position: LoaderPosition) -> LoaderPosition {
        position.batch + 1 < batchesPerEpoch
            ? LoaderPosition(epoch: position.epoch, batch: position.batch + 1) : LoaderPosition(epoch: position.epoch + 1, batch: 0)
    }
}
