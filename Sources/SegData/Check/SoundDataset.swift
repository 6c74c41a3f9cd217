import Foundation
import Support

/// The samples of a data set that can be used; the others are put aside and listed in ``leftOut``.
public struct SoundDataset: Dataset {
    private let base: any Dataset
    private let places: [Int]
    public let leftOut: [LeftOut]

    /// Reads all of the data set, on all cores, to find them.
    /// - Throws: `UserError` when more than half of the samples cannot be used: then the data set itself is at fault.
    public init(readingAllOf base: any Dataset) throws {
        let check = DatasetCheck(base)
        guard 2 * check.usableCount >= check.count else {
            try check.validate()
            throw UserError("none of the samples can be used")
        }
        let bad = Set(check.problems.compactMap(\.index))
        self.base = base
        places = (0..<base.count).filter { !bad.contains($0) }
        leftOut = check.problems.map { LeftOut(name: $0.name, message: $0.message) }
    }

    public var classes: ClassList { base.classes }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var count: Int { places.count }
    public func name(_ index: Int) -> String { base.name(places[index]) }
    public func sample(_ index: Int) throws -> Sample { try base.sample(places[index]) }
    public func files(_ index: Int) -> [URL] { base.files(places[index]) }
    public func open(_ index: Int) throws -> any SampleReader { try base.open(places[index]) }
}
