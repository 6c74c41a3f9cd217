import Foundation
import Support

/// A data set that keeps decoded samples in memory up to a limit, so that small sets are decoded once and not every epoch.
///
/// The samples that come first stay: with a new order every epoch no other rule would keep more hits.
public final class CachedDataset: Dataset, @unchecked Sendable {
    private let base: any Dataset
    private let limit: Int
    private let lock = NSLock()
    private var samples: [Int: Sample] = [:]
    private var bytes = 0
    private var isFull = false

    public init(_ base: any Dataset, megabytes: Int) {
        self.base = base
        limit = megabytes << 20
    }

    public var classes: ClassList { base.classes }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var leftOut: [LeftOut] { base.leftOut }
    public var count: Int { base.count }
    public func name(_ index: Int) -> String { base.name(index) }
    public func files(_ index: Int) -> [URL] { base.files(index) }

    /// How many samples are in memory now.
    public var cachedCount: Int { lock.withLock { samples.count } }

    public func sample(_ index: Int) throws -> Sample {
        if let sample = lock.withLock({ samples[index] }) { return sample }
        let sample = try base.sample(index)
        keep(sample, index)
        return sample
    }

    /// A sample that has no place in memory is not decoded whole.
    public func open(_ index: Int) throws -> any SampleReader {
        let (known, noRoom) = lock.withLock { (samples[index], isFull) }
        if let known { return WholeSample(known) }
        if noRoom { return try base.open(index) }
        return try WholeSample(sample(index))
    }

    private func keep(_ sample: Sample, _ index: Int) {
        let runs = (sample.instances ?? []).reduce(0) { $0 + MemoryLayout<Instance>.stride + 4 * $1.mask.counts.count }
        let size = sample.image.pixels.count + (sample.labels?.values.count ?? 0) + runs
        lock.withLock {
            guard samples[index] == nil else { return }
            isFull = isFull || bytes + size > limit
            guard !isFull else { return }
            samples[index] = sample
            bytes += size
        }
    }
}
