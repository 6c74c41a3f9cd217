import Foundation
import SegData

/// A few samples of a data set, spread evenly over it: a quick look at all of its drives and scenes.
public struct SpreadDataset: Dataset {
    private let base: any Dataset
    public let count: Int

    /// - Parameter limit: how many; the whole data set when it is not larger.
    public init(_ base: any Dataset, limit: Int) {
        self.base = base
        count = min(max(limit, 0), base.count)
    }

    public var classes: ClassList { base.classes }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var leftOut: [LeftOut] { base.leftOut }
    public func name(_ index: Int) -> String { base.name(place(index)) }
    public func files(_ index: Int) -> [URL] { base.files(place(index)) }
    public func sample(_ index: Int) throws -> Sample { try base.sample(place(index)) }
    public func open(_ index: Int) throws -> any SampleReader { try base.open(place(index)) }

    private func place(_ index: Int) -> Int { index * base.count / count }
}
