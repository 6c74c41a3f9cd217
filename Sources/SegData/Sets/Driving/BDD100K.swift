import Foundation

extension DatasetKind {
    /// BDD100K's semantic segmentation (Yu et al. 2020), in Cityscapes' classes.
    static let bdd100k = DatasetKind(
        "bdd100k", "BDD100K", "dash cameras in the USA, 1280×720", classes: .cityscapes19,
        usual: UsualSplits(test: ["val"]), crop: Size(width: 1024, height: 512), hasOneSize: true,
        license: "BDD100K's licence: BSD 3-Clause for the labels, non-commercial for the images", source: "https://bdd-data.berkeley.edu",
        layout: """
            images/10k/SPLIT/*.jpg, labels/sem_seg/masks/SPLIT/*.png (train ids)
            or, before 2020: images/SPLIT/*.jpg, labels/SPLIT/*_train_id.png (the folder seg); test has no labels
            """
    ) { request in
        let split = request.split
        let isNew = ["images/10k", "bdd100k/images/10k"].contains { request.path($0).isFolder }
        let images =
            isNew
            ? try request.folder("images/10k/\(split)", "bdd100k/images/10k/\(split)")
            : try request.folder("images/\(split)", "seg/images/\(split)", "images/10k/\(split)")
        guard split != "test" else { return try request.dataset([FilePairing(images: images)]) }
        let labels =
            isNew
            ? try request.folder("labels/sem_seg/masks/\(split)", "bdd100k/labels/sem_seg/masks/\(split)")
            : try request.folder("labels/\(split)", "seg/labels/\(split)")
        return try request.dataset([FilePairing(images: images, labels: labels, labelSuffix: isNew ? "" : "_train_id")])
    }
}
