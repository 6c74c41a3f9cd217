import Vision

/// Images that are alike, within a split or in several.
public struct Duplicates: Sendable {
    /// A place in one of the splits.
    public struct Place: Sendable, Equatable {
        /// The split's place in the list that was searched.
        public let split: Int
        /// The sample's index in it.
        public let index: Int
    }

    /// Groups of alike images, of one split each.
    public let within: [[Place]]
    /// Groups of alike images with members in several splits: what is learnt there is tested here.
    public let across: [[Place]]

    /// Searches the images that some checks have read.
    public init(_ checks: [DatasetCheck]) {
        let places = checks.enumerated().flatMap { split, check in check.hashes.indices.map { Place(split: split, index: $0) } }
        let groups = DuplicateSearch.groups(checks.flatMap(\.hashes)).map { $0.map { places[$0] } }
        let isAcross: ([Place]) -> Bool = { Set($0.map(\.split)).count > 1 }
        within = groups.filter { !isAcross($0) }
        across = groups.filter(isAcross)
    }
}
