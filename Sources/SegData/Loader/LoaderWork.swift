import Foundation
import Support

/// The loader's queue of batches in the making and the threads that fill them.
///
/// A thread claims the next slot of the first unfinished batch, so that all threads work on the batch that is needed first.
/// Everything mutable is guarded by `condition`, which also wakes the threads (room in the queue) and the consumer (a batch done).
final class LoaderWork: @unchecked Sendable {
    let order: BatchOrder
    private let dataset: any Dataset
    private let options: LoaderOptions
    private let pool: BufferPool
    private let condition = NSCondition()

    private var queue: [PendingBatch] = []
    private var upcoming: LoaderPosition
    private var permutation: (epoch: Int, indices: [UInt32])?
    private var failure: (any Error)?
    private var liveThreads = 0
    private var isStopping = false

    init(_ dataset: any Dataset, _ options: LoaderOptions, _ order: BatchOrder, from position: LoaderPosition) {
        self.dataset = dataset
        self.options = options
        self.order = order
        upcoming = position
        // Besides those in the queue one is in use and one may be on its way to the device.
        pool = BufferPool(options.memory, keep: options.prefetch + 2)
    }

    func start() {
        liveThreads = options.threads
        for number in 0..<options.threads {
            let thread = Thread { [self] in fill() }
            thread.name = "loader \(number)"
            thread.start()
        }
    }

    func stop() {
        condition.lock()
        isStopping = true
        condition.broadcast()
        while liveThreads > 0 { condition.wait() }
        queue = []
        condition.unlock()
        pool.close()
    }

    // MARK: The consumer

    func next() throws -> Batch? {
        let start = DispatchTime.now().uptimeNanoseconds
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
        guard !isFinished || !queue.isEmpty else { return nil }
        while queue.first?.isDone != true { condition.wait() }
        let pending = queue.removeFirst()
        condition.broadcast()
        do {
            let batch = try pending.finish(pool)
            batch.secondsWaited = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
            return batch
        } catch {
            failure = error
            throw error
        }
    }

    private var isFinished: Bool { options.epochs.map { upcoming.epoch >= $0 } ?? false }

    // MARK: The threads

    private func fill() {
        var scratch = AugmentationScratch()
        while let (batch, slot) = claim() {
            let result = Result { try make(batch, slot, &scratch) }
            condition.lock()
            batch.complete(slot, result)
            if batch.isDone { condition.broadcast() }
            condition.unlock()
        }
        condition.lock()
        liveThreads -= 1
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for a slot that nobody works on; nil when the loader stops.
    private func claim() -> (PendingBatch, Int)? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopping {
            if let batch = queue.first(where: \.hasFreeSlots) { return (batch, batch.claimSlot()) }
            if !isFinished, queue.count < options.prefetch {
                queue.append(begin(upcoming))
                upcoming = order.next(after: upcoming)
            } else {
                condition.wait()
            }
        }
        return nil
    }

    private func begin(_ position: LoaderPosition) -> PendingBatch {
        if permutation?.epoch != position.epoch { permutation = (position.epoch, order.epochs.indices(epoch: position.epoch)) }
        let indices = permutation!.indices[order.range(batch: position.batch)].map(Int.init)
        let views = options.augmentation.strong == nil ? 1 : 1 + options.augmentation.strongViews
        let batch = options.augmentation.outputSize.map { Batch(size: $0, views: views, indices: indices, position: position, pool: pool) }
        return PendingBatch(indices: indices, position: position, batch: batch)
    }

    /// Writes a sample to its place in the batch, or returns it when the batch's size depends on its samples.
    private func make(_ pending: PendingBatch, _ slot: Int, _ scratch: inout AugmentationScratch) throws -> MadeSample? {
        let index = pending.indices[slot]
        let (augmentation, seed, epoch) = (options.augmentation, options.seed, pending.position.epoch)
        let draw = Augmentation.Draw(seed: seed, epoch: epoch, index: index)
        guard let batch = pending.batch else {
            let sample = try dataset.sample(index)
            let origin = try augmentation.plan(for: WholeSample(sample), draw).origin
            return MadeSample(sample: augmentation(sample, seed: seed, epoch: epoch, index: index), origin: origin)
        }
        let sample = try dataset.open(index)
        let plan = try augmentation.plan(for: sample, draw)
        batch.set(plan.origin, at: slot)
        let partner = try augmentation.partner(seed: seed, epoch: epoch, index: index, count: dataset.count).map {
            try augmentation.partner(dataset.open($0), seed: seed, epoch: epoch, index: index)
        }
        let instances = try augmentation.render(
            sample, plan, mixedWith: partner, shrinking: options.scaledDecoding, wantsInstances: options.instances,
            to: batch.destination(slot), &scratch)
        batch.set(instances, at: slot)
        return nil
    }
}
