import Foundation
import Support

/// Delivers batches that threads of its own decode and augment ahead of the training step.
///
/// The batches and their order follow from the data set, the options and the position alone, for any number of threads. A
/// loader that starts at a position gives exactly the batches that another gives from there on. Not for use from several
/// threads at once. When the loader is released it waits for its threads.
public final class Loader {
    /// The batch that `next()` will give.
    public private(set) var position: LoaderPosition
    public let batchesPerEpoch: Int
    private let work: LoaderWork

    /// - Throws: `UserError` when an option makes no sense or the data set is smaller than one batch.
    public init(_ dataset: any Dataset, _ options: LoaderOptions, from position: LoaderPosition = .start) throws {
        let order = try Self.order(dataset, options)
        try options.augmentation.check(dataset)
        guard position.epoch >= 0, (0..<order.batchesPerEpoch).contains(position.batch) else {
            throw UserError(
                "cannot resume at batch \(position.batch) of epoch \(position.epoch): an epoch has \(order.batchesPerEpoch) batches",
                hint: "The data set or the batch size differs from those of the run that is resumed.")
        }
        self.position = position
        batchesPerEpoch = order.batchesPerEpoch
        let source = options.cacheMegabytes > 0 ? CachedDataset(dataset, megabytes: options.cacheMegabytes) : dataset
        work = LoaderWork(source, options, order, from: position)
        work.start()
    }

    deinit { work.stop() }

    /// The next batch; nil after the last epoch.
    /// - Throws: what the data set threw for one of the batch's samples. The loader has then ended and throws it again.
    public func next() throws -> Batch? {
        guard let batch = try work.next() else { return nil }
        position = work.order.next(after: batch.position)
        return batch
    }

    private static func order(_ dataset: any Dataset, _ options: LoaderOptions) throws -> BatchOrder {
        for (name, value) in [("batch size", options.batchSize), ("number of threads", options.threads), ("prefetch", options.prefetch)] {
            guard value > 0 else { throw UserError("the loader's \(name) must be at least 1, found \(value)") }
        }
        let epochs = try EpochOrder(options.sampling, sampleCount: dataset.count, seed: options.seed)
        let order = BatchOrder(epochs: epochs, batchSize: options.batchSize, dropLast: options.dropLast, share: options.share)
        let processes = options.share.count > 1 ? " in each of \(options.share.count) processes" : ""
        guard order.batchesPerEpoch > 0 else {
            throw UserError(
                "the data set has \(dataset.count) images, fewer than one batch of \(options.batchSize)\(processes)",
                hint: "Use a smaller batch, or do not drop the last one.")
        }
        guard order.fillsEveryBatch else {
            throw UserError(
                "the last of \(order.batchesPerEpoch) batches has fewer images than there are processes (\(options.share.count))",
                hint: "Drop the last batch, or use another batch size.")
        }
        return order
    }
}
