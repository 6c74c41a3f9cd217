import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Some samples of a data set, in their order.
public struct ChosenDataset: Dataset {
    private let base: any Dataset
    private let places: [Int]

    /// - Parameter places: indices of the base, ascending.
    public init(_ base: any Dataset, places: [Int]) {
        self.base = base
        self.places = places
    }

    /// Those whose names match one of some shell patterns, such as `0001TP*`: `*` stands for any characters, `?` for one, `[ab]` for one
    /// of a few.
    public init(_ base: any Dataset, matching patterns: [String]) {
        self.init(
            base,
            places: (0..<base.count).filter { index in
                let name = base.name(index)
                return patterns.contains { fnmatch($0, name, 0) == 0 }
            })
    }

    /// Those that a list names.
    /// - Throws: `UserError` with names that the data set does not have.
    public init(_ base: any Dataset, list: LabelList) throws { self.init(base, places: try list.places(in: base)) }

    /// A share of them, at least one, drawn by chance but always the same: a smaller share is part of a larger one of the same seed.
    public init(_ base: any Dataset, fraction: Double, seed: Int = 0) {
        let count = max(1, Int((Double(base.count) * fraction).rounded()))
        var random = SeededRandom(seed)
        self.init(base, places: random.shuffled(0..<base.count).prefix(count).sorted())
    }

    /// Those of the same data set that are not among these.
    public var rest: ChosenDataset {
        let own = Set(places)
        return ChosenDataset(base, places: (0..<base.count).filter { !own.contains($0) })
    }

    public var classes: ClassList { base.classes }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var leftOut: [LeftOut] { base.leftOut }
    public var count: Int { places.count }
    public func name(_ index: Int) -> String { base.name(places[index]) }
    public func files(_ index: Int) -> [URL] { base.files(places[index]) }
    public func sample(_ index: Int) throws -> Sample { try base.sample(places[index]) }
    public func open(_ index: Int) throws -> any SampleReader { try base.open(places[index]) }
}
