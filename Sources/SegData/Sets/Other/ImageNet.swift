import Foundation
import Support

extension DatasetKind {
    /// ImageNet's photographs, or any others, without labels: for distillation that needs none.
    static let imageNet = DatasetKind(
        "imagenet", "ImageNet", "photographs without labels", classes: nil, ignored: "no labels are read",
        splits: ["train", "val", "test"], usual: UsualSplits(test: ["val"]), crop: Size(width: 224, height: 224),
        license: "ImageNet's terms: non-commercial, after registration", source: "https://image-net.org",
        layout: """
            SPLIT/**/*.JPEG (also .jpg and .png), at any depth
            or ILSVRC/Data/CLS-LOC/SPLIT/**/*.JPEG
            """
    ) { request in
        let folder = try request.folder(request.split, "ILSVRC/Data/CLS-LOC/\(request.split)", "Data/CLS-LOC/\(request.split)")
        return try ListDataset(imagesBelow: folder)
    }
}
