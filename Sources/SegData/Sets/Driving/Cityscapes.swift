import Foundation

extension DatasetKind {
    /// Cityscapes (Cordts et al. 2016).
    static let cityscapes = DatasetKind(
        "cityscapes", "Cityscapes", "50 cities, mostly German, 2048×1024", classes: .cityscapes19, instanceClasses: .cityscapesThings,
        ignored: "all label ids without a train id", splits: ["train", "val", "test", "train_extra"], crop: Size(width: 1024, height: 512),
        hasOneSize: true, license: "Cityscapes' terms: non-commercial, after registration", source: "https://www.cityscapes-dataset.com",
        layout: """
            leftImg8bit/SPLIT/CITY/*_leftImg8bit.png
            gtFine/SPLIT/CITY/*_gtFine_labelIds.png (or _labelTrainIds), *_gtFine_instanceIds.png
            gtCoarse/train_extra/CITY/*_gtCoarse_labelIds.png for train_extra; test has no labels
            """
    ) { request in
        let split = request.split
        let images = try request.folder("leftImg8bit/\(split)")
        guard split != "test" else { return try request.dataset([FilePairing(images: images, imageSuffix: "_leftImg8bit")]) }
        let quality = split == "train_extra" ? "gtCoarse" : "gtFine"
        let labels = try request.folder("\(quality)/\(split)")
        let (suffix, coding) = try request.labelFiles(
            in: labels, [("_\(quality)_labelIds", .cityscapesIDs), ("_\(quality)_labelTrainIds", .indices(ignoring: []))])
        let pairing = FilePairing(
            images: images, imageSuffix: "_leftImg8bit", labels: labels, labelSuffix: suffix,
            objects: request.options.instances ? labels : nil, objectSuffix: "_\(quality)_instanceIds")
        return try request.dataset([pairing], coding, objects: .cityscapes)
    }

    /// Foggy Cityscapes (Sakaridis et al. 2018): Cityscapes with rendered fog of three densities.
    static let foggyCityscapes = DatasetKind(
        "foggy-cityscapes", "Foggy Cityscapes", "Cityscapes with rendered fog", classes: .cityscapes19, instanceClasses: .cityscapesThings,
        ignored: "all label ids without a train id",
        splits: ["train", "val"].flatMap { split in [split] + foggyDensities.map { "\(split)/\($0)" } }, usual: UsualSplits(test: ["val"]),
        crop: Size(width: 1024, height: 512), hasOneSize: true, license: "Cityscapes' terms: non-commercial, after registration",
        source: "https://www.cityscapes-dataset.com (leftImg8bit_trainvaltest_foggy, gtFine_trainvaltest)",
        layout: """
            leftImg8bit_foggy/SPLIT/CITY/*_leftImg8bit_foggy_beta_0.02.png (the split's name alone), _beta_0.01, _beta_0.005
            gtFine/SPLIT/CITY/*_gtFine_labelIds.png (or _labelTrainIds), *_gtFine_instanceIds.png
            """
    ) { request in
        let parts = request.split.split(separator: "/").map(String.init)
        let (split, density) = (parts[0], parts.count > 1 ? parts[1] : foggyDensities[0])
        let labels = try request.folder("gtFine/\(split)")
        let (suffix, coding) = try request.labelFiles(
            in: labels, [("_gtFine_labelIds", .cityscapesIDs), ("_gtFine_labelTrainIds", .indices(ignoring: []))])
        let pairing = FilePairing(
            images: try request.folder("leftImg8bit_foggy/\(split)"), imageSuffix: "_leftImg8bit_foggy_beta_\(density)", labels: labels,
            labelSuffix: suffix, objects: request.options.instances ? labels : nil, objectSuffix: "_gtFine_instanceIds")
        return try request.dataset([pairing], coding, objects: .cityscapes)
    }

    private static let foggyDensities = ["0.02", "0.01", "0.005"]
}

extension LabelCoding {
    /// Cityscapes' 34 label ids, and GTA5's licence plates (34); 255 is the licence plate's id -1 as a byte.
    static let cityscapesIDs: LabelCoding = {
        let trainIDs: [UInt8] = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
        var table = Dictionary(uniqueKeysWithValues: (0...34).map { (UInt8($0), ClassList.ignore) })
        table[255] = ClassList.ignore
        for (index, id) in trainIDs.enumerated() { table[id] = UInt8(index) }
        return .values(table)
    }()
}

extension ObjectReader {
    /// `instanceIds`: class × 1000 + number; the class alone is a group that nobody took apart, or is not counted.
    static let cityscapes = numbers { value in
        let id = value >= 1000 ? value / 1000 : value
        return [24, 25, 26, 27, 28, 31, 32, 33].firstIndex(of: id).map { ($0, value < 1000) }
    }
}
