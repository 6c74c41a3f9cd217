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

    public init(_ base: any Dataset, megabytes: Int) {
        self.base = base
        limit = megabytes << 20
    }

    public var classes: ClassList { base.classes }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var count: Int { base.count }
    public func name(_ index: Int) -> String { base.name(index) }

    /// How many samples are in memory now.
    public var cachedCount: Int { lock.withLock { samples.count } }

    public func sample(_ index: Int) throws -> Sample {
        if let sample = lock.withLock({ samples[index] }) { return sample }
        let sample = try base.sample(index)
        let runs = (sample.instances ?? []).reduce(0) { $0 + MemoryLayout<Instance>.stride + 4 * $1.mask.counts.count }
        let size = sample.image.pixels.count + (sample.labels?.values.count ?? 0) + runs
        lock.withLock {
            guard samples[index] == nil, bytes + size <= limit else { return }
            samples[index] = sample
            bytes += size
        }
        return sample
    }
}
