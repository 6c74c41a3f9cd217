import Foundation

extension DatasetKind {
    /// COCO-Stuff for all of COCO 2017 (Caesar et al. 2018).
    static let cocoStuff164k = DatasetKind(
        "coco-stuff164k", "COCO-Stuff 164K", "COCO's photographs, objects and stuff", classes: .cocoStuff171, ignored: "255 (unlabeled)",
        splits: ["train", "val"], usual: UsualSplits(test: ["val"]), crop: Size(width: 512, height: 512), license: cocoStuffLicense,
        source: "https://github.com/nightrome/cocostuff (stuffthingmaps_trainval2017), https://cocodataset.org",
        layout: """
            train2017/*.jpg, val2017/*.jpg (or below images/)
            stuffthingmaps_trainval2017/train2017/*.png (or stuffthingmaps/ or annotations/): COCO's number less 1
            """
    ) { request in
        let part = request.split + "2017"
        let labels = try request.folder("stuffthingmaps_trainval2017/\(part)", "stuffthingmaps/\(part)", "annotations/\(part)")
        let pairing = FilePairing(images: try request.folder("images/\(part)", part), labels: labels)
        return try request.dataset([pairing], .cocoStuff(isFromOne: false))
    }

    /// The first COCO-Stuff: ten thousand images, with their labels in MATLAB files.
    static let cocoStuff10k = DatasetKind(
        "coco-stuff10k", "COCO-Stuff 10K", "photographs of COCO 2014, objects and stuff", classes: .cocoStuff171,
        ignored: "0 (unlabeled)", splits: ["train", "test", "all"], usual: UsualSplits(validation: ["test"]),
        crop: Size(width: 512, height: 512), license: cocoStuffLicense,
        source: "https://github.com/nightrome/cocostuff10k (version 1.1)",
        layout: """
            images/*.jpg, annotations/*.mat (the matrix S: 0 unlabeled, then COCO's number)
            imageLists/train.txt, test.txt, all.txt
            """
    ) { request in
        let list = try request.file("imageLists/\(request.split).txt")
        let pairing = FilePairing(
            images: try request.folder("images"), labels: try request.folder("annotations"), labelExtension: "mat", list: list)
        return try request.dataset([pairing], .cocoStuff(isFromOne: true))
    }

    private static let cocoStuffLicense = "annotations CC BY 4.0; images under Flickr's terms"
}

extension LabelCoding {
    /// COCO's numbers 1 to 182, less 1 where 255 is unlabeled, as they are where 0 is.
    static func cocoStuff(isFromOne: Bool) -> LabelCoding {
        var table: [UInt8: UInt8] = [isFromOne ? 0 : 255: ClassList.ignore]
        for (index, id) in (ClassList.cocoIDs + Array(92...182)).enumerated() { table[UInt8(isFromOne ? id : id - 1)] = UInt8(index) }
        return .values(table)
    }
}
