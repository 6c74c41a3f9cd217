/// COCO's scores of everything that was compared, as JSON has them: those of the masks (of the boxes where there are no masks) in front,
/// `boundaryAP` beside them, and each region's in full.
public struct COCOReport: Encodable, Sendable {
    public let regions: [COCOScores]

    /// - Parameter regions: at least one.
    public init(_ regions: [COCOScores]) { self.regions = regions }

    private enum CodingKeys: String, CodingKey { case perClass, boundaryAP, regions, unknownCategories }

    public func encode(to encoder: any Encoder) throws {
        let first = regions.first { $0.region == .mask } ?? regions[0]
        try first.summary.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(first.categories, forKey: .perClass)
        try values.encode(first.unknownCategories, forKey: .unknownCategories)
        if let boundary = regions.first(where: { $0.region == .boundary }) {
            try values.encode(boundary.summary.averagePrecision, forKey: .boundaryAP)
        }
        try values.encode(Dictionary(uniqueKeysWithValues: regions.map { ($0.region.rawValue, $0) }), forKey: .regions)
    }
}
