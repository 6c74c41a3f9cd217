import Foundation

/// How a ``Loader`` goes through a data set.
public struct LoaderOptions: Sendable {
    public var batchSize: Int
    public var augmentation: Augmentation
    /// With `augmentation`'s draws, everything random follows from it.
    public var seed: Int
    /// Which samples make up an epoch.
    public var sampling: Sampling
    /// This process's part of every step; `batchSize` is its own.
    public var share: LoaderShare
    /// Leaves out the last batch of an epoch when it would be smaller than the others.
    public var dropLast: Bool
    /// How many epochs there are; nil for no end.
    public var epochs: Int?
    /// Threads that decode and augment. The batches are the same for any number.
    public var threads: Int
    /// Batches that may be in the making or ready, ahead of the one in use.
    public var prefetch: Int
    /// Lets the JPEG decoder shrink images that are to become at most half as large. Much faster, and filtered a little
    /// differently than by resizing the whole image.
    public var scaledDecoding: Bool
    /// Memory for decoded samples, so that a small data set is decoded only once; 0 for none.
    public var cacheMegabytes: Int
    public var memory: BatchMemory
    /// Whether batches hold the samples' objects too.
    public var instances: Bool

    public init(
        batchSize: Int, augmentation: Augmentation = .evaluation, seed: Int = 0, sampling: Sampling = .shuffle,
        share: LoaderShare = .all, dropLast: Bool = true,
        epochs: Int? = nil, threads: Int = max(1, ProcessInfo.processInfo.activeProcessorCount), prefetch: Int = 3,
        scaledDecoding: Bool = true, cacheMegabytes: Int = 0, memory: BatchMemory = .pages,
        instances: Bool = false
    ) {
        self.batchSize = batchSize
        self.augmentation = augmentation
        self.seed = seed
        self.sampling = sampling
        self.share = share
        self.dropLast = dropLast
        self.epochs = epochs
        self.threads = threads
        self.prefetch = prefetch
        self.scaledDecoding = scaledDecoding
        self.cacheMegabytes = cacheMegabytes
        self.memory = memory
        self.instances = instances
    }

    /// One pass over the data set in its own order, every sample once: for evaluation.
    public static func evaluation(
        batchSize: Int = 1, augmentation: Augmentation = .evaluation, threads: Int = max(1, ProcessInfo.processInfo.activeProcessorCount)
    ) -> LoaderOptions {
        LoaderOptions(
            batchSize: batchSize, augmentation: augmentation, sampling: .sequential, dropLast: false, epochs: 1, threads: threads,
            scaledDecoding: false)
    }
}

/// A place in a loader's sequence of batches.
public struct LoaderPosition: Sendable, Codable, Hashable {
    public var epoch: Int
    /// The number of the batch within the epoch.
    public var batch: Int

    public init(epoch: Int, batch: Int) {
        self.epoch = epoch
        self.batch = batch
    }

    public static let start = LoaderPosition(epoch: 0, batch: 0)
}
