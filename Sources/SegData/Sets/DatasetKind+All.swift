import Support

extension DatasetKind {
    /// The table of data sets, in the order in which it is shown.
    public static let all: [DatasetKind] = [
        .cityscapes, .foggyCityscapes, .acdc, .darkZurich, .bdd100k, .mapillary, .idd, .iddCityscapes, .iddLite, .camVid, .gta5, .synthia,
        .streetScenes, .ade20k, .voc2012, .coco, .cocoStuff164k, .cocoStuff10k, .potsdam, .vaihingen, .dsb2018, .imageNet, .folder, .yolo,
        .cocoJSON, .list, .shards,
    ]

    /// The set of that name.
    /// - Throws: `UserError` with the nearest name when there is none.
    public static func named(_ name: String) throws -> DatasetKind {
        if let kind = all.first(where: { $0.name == name }) { return kind }
        let nearest = nearestName(to: name, in: all.map(\.name)).map { "Did you mean '\($0)'? " } ?? ""
        throw UserError("there is no data set '\(name)'", hint: "\(nearest)'segdistill data list' shows all.", exitCode: .usage)
    }
}
