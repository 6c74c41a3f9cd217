import Foundation

extension DatasetKind {
    /// ACDC (Sakaridis et al. 2021): fog, night, rain and snow, each with a picture of the same place in good weather.
    static let acdc = DatasetKind(
        "acdc", "ACDC", "fog, night, rain and snow around Zurich, 1920×1080", classes: .cityscapes19,
        splits: acdcParts + acdcConditions.flatMap { condition in acdcParts.map { "\(condition)/\($0)" } },
        crop: Size(width: 1024, height: 512), hasOneSize: true, license: "ACDC's terms: non-commercial, after registration",
        source: "https://acdc.vision.ee.ethz.ch",
        layout: """
            rgb_anon/CONDITION/SPLIT/GOPR*/*_rgb_anon.png, rgb_anon/CONDITION/SPLIT_ref/GOPR*/*_rgb_ref_anon.png
            gt/CONDITION/SPLIT/GOPR*/*_gt_labelTrainIds.png, gt/CONDITION/SPLIT_ref/GOPR*/*_gt_ref_labelTrainIds.png
            CONDITION is fog, night, rain or snow; a split's name alone takes all four; test, and some of the references, have no labels
            """
    ) { request in
        let parts = request.split.split(separator: "/").map(String.init)
        let split = parts[parts.count - 1]
        let reference = split.hasSuffix("_ref") ? "_ref" : ""
        let isLabelled = split == "train" || split == "val"
        return try request.dataset(
            (parts.count > 1 ? [parts[0]] : acdcConditions).map { condition in
                let labels = request.path("gt/\(condition)/\(split)")
                return FilePairing(
                    images: try request.folder("rgb_anon/\(condition)/\(split)"), imageSuffix: "_rgb\(reference)_anon",
                    labels: isLabelled ? try request.folder("gt/\(condition)/\(split)") : labels.isFolder ? labels : nil,
                    labelSuffix: "_gt\(reference)_labelTrainIds", prefix: condition + "/", allowsUnlabelled: !isLabelled)
            })
    }

    private static let acdcConditions = ["fog", "night", "rain", "snow"]
    private static let acdcParts = ["train", "val", "test", "train_ref", "val_ref", "test_ref"]

    /// Dark Zurich (Sakaridis et al. 2019): drives by day, twilight and night, of which 50 night images have labels.
    static let darkZurich = DatasetKind(
        "dark-zurich", "Dark Zurich", "Zurich by day, twilight and night, 1920×1080", classes: .cityscapes19,
        splits: ["train", "train/night", "train/twilight", "train/day", "val", "val_ref", "test"],
        usual: UsualSplits(train: ["train/night"], test: ["val"]), crop: Size(width: 1024, height: 512), hasOneSize: true,
        license: "Dark Zurich's terms: non-commercial", source: "https://www.trace.ethz.ch/publications/2019/GCMA_UIoU/",
        layout: """
            rgb_anon/train/{night,twilight,day}/GOPR*/*_rgb_anon.png, without labels
            rgb_anon/val/night/GOPR*/*_rgb_anon.png, gt/val/night/GOPR*/*_gt_labelTrainIds.png
            rgb_anon/val_ref/day/GOPR*/*_rgb_anon.png, rgb_anon/test/night/GOPR*/*_rgb_anon.png, without labels
            """
    ) { request in
        let folders =
            switch request.split {
            case "train": ["train/night", "train/twilight", "train/day"]
            case "val": ["val/night"]
            case "val_ref": ["val_ref/day"]
            case "test": ["test/night"]
            default: [request.split]
            }
        return try request.dataset(
            folders.map { folder in
                FilePairing(
                    images: try request.folder("rgb_anon/\(folder)"), imageSuffix: request.split == "val_ref" ? "_ref_anon" : "_rgb_anon",
                    labels: request.split == "val" ? try request.folder("gt/\(folder)") : nil, labelSuffix: "_gt_labelTrainIds",
                    prefix: folder.split(separator: "/")[1] + "/")
            })
    }
}
