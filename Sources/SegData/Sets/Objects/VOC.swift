import Foundation

extension DatasetKind {
    /// PASCAL VOC 2012 (Everingham et al. 2015), and the further masks of SBD (Hariharan et al. 2011).
    static let voc2012 = DatasetKind(
        "voc2012", "PASCAL VOC 2012", "photographs with objects of twenty classes", classes: .voc21, instanceClasses: .voc20,
        splits: ["train", "val", "trainval", "trainaug", "test"], usual: UsualSplits(test: ["val"]), crop: Size(width: 512, height: 512),
        license: "Flickr's terms for the images; the annotations are free", source: "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/",
        layout: """
            JPEGImages/*.jpg, SegmentationClass/*.png, SegmentationObject/*.png (below VOCdevkit/VOC2012, VOC2012 or the root)
            ImageSets/Segmentation/train.txt, val.txt, trainval.txt, test.txt
            SegmentationClassAug/*.png and ImageSets/Segmentation/trainaug.txt for trainaug: VOC and SBD, 10582 images, no objects
            """
    ) { request in
        let base = ["VOCdevkit/VOC2012/", "VOC2012/", ""].first { request.path($0 + "JPEGImages").isFolder } ?? ""
        let (split, isAugmented) = (request.split, request.split == "trainaug")
        let lists = base + "ImageSets/Segmentation/"
        var pairing = FilePairing(images: try request.folder(base + "JPEGImages"))
        if split != "test" { pairing.labels = try request.folder(base + (isAugmented ? "SegmentationClassAug" : "SegmentationClass")) }
        pairing.list =
            isAugmented
            ? try request.file(lists + "trainaug.txt", lists + "train_aug.txt", lists + "aug.txt")
            : try request.file(lists + split + ".txt")
        if request.options.instances, split != "test", !isAugmented {
            pairing.objects = try request.folder(base + "SegmentationObject")
        }
        return try request.dataset([pairing], objects: .numbersOnLabels { (1...20).contains($0) ? Int($0) - 1 : nil })
    }
}

extension ClassList {
    /// PASCAL VOC's background and twenty classes, in its own colours.
    public static let voc21: ClassList = {
        let names = voc20.names
        return ClassList([Entry("background", [0, 0, 0])] + ClassList(names: names).entries)
    }()

    /// PASCAL VOC's twenty classes of objects.
    public static let voc20 = ClassList(names: [
        "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike",
        "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ])
}
