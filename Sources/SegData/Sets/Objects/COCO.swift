import Foundation
import Support

extension DatasetKind {
    /// COCO's objects (Lin et al. 2014).
    static let coco = DatasetKind(
        "coco", "COCO", "photographs with objects of 80 classes", classes: withBackground(.coco80), instanceClasses: .coco80,
        ignored: "crowds", splits: ["train", "val", "test"], usual: UsualSplits(test: ["val"]), crop: Size(width: 512, height: 512),
        license: "annotations CC BY 4.0; images under Flickr's terms", source: "https://cocodataset.org",
        layout: """
            train2017/*.jpg, val2017/*.jpg, test2017/*.jpg (or below images/); test has no annotations
            annotations/instances_train2017.json, annotations/instances_val2017.json
            The label maps are painted from the objects, with background as class 0; smaller objects lie on larger ones.
            """
    ) { request in
        let part = request.split + "2017"
        let images = try request.folder("images/\(part)", part)
        guard request.split != "test" else { return try ListDataset(imagesBelow: images) }
        let base = try COCODataset(
            request.file("annotations/instances_\(part).json"), images: [images], leavingOutBad: request.options.leavesOutUnpaired)
        guard base.instanceClasses?.names == ClassList.coco80.names else {
            throw UserError(
                "annotations/instances_\(part).json: expected COCO's 80 categories, found \(base.instanceClasses?.count ?? 0)",
                hint: "For classes of your own choose 'coco-json'.")
        }
        return PaintedDataset(base, keepsInstances: request.options.instances)
    }

    /// One's own objects in COCO's format.
    static let cocoJSON = DatasetKind(
        "coco-json", "COCO JSON of your own", "your images, with objects in COCO's format", classes: nil, ignored: "crowds", splits: [],
        crop: Size(width: 512, height: 512), license: "yours", source: "your own files",
        layout: """
            SPLIT.json, instances_SPLIT.json or annotations/instances_SPLIT.json: images, annotations, categories
            images/SPLIT/, images/ or the folder itself: where each file_name starts from
            The classes are the file's categories by ascending id, after background; label maps are painted from the objects.
            """, settings: [.images, .instances]
    ) { request in
        let split = request.split
        let json = try request.file("annotations/instances_\(split).json", "instances_\(split).json", "\(split).json", split)
        let folder = request.options.images ?? "images"
        let images = ["\(folder)/\(split)", folder, ""].map(request.path)
        let base = try COCODataset(json, images: images, leavingOutBad: request.options.leavesOutUnpaired)
        return PaintedDataset(base, keepsInstances: request.options.instances)
    }

    /// The classes of objects after a background.
    private static func withBackground(_ objects: ClassList) -> ClassList {
        ClassList([ClassList.Entry("background", [0, 0, 0])] + objects.entries)
    }
}
