/// The images and labels, and how they reach the network.
public struct DataRecipe: RecipeSection {
    public enum Source: String, RecipeChoice {
        case camVid = "camvid"
        case iddLite = "idd-lite"
        case folder
        case streetScenes = "street-scenes"
    }

    public enum ClassMapping: String, RecipeChoice { case common7 }

    public var dataset = Source.streetScenes
    public var root = ""
    public var train: NameList = ["train"]
    public var validation: NameList = ["val"]
    public var test: NameList = ["test"]
    public var classes = ClassesRecipe()
    public var images = "images"
    public var labels = "labels"
    public var imageSuffix = ""
    public var labelSuffix = ""
    public var ignore: [Int] = []
    public var count = 2000
    public var evaluationCount = 100
    public var size = PixelSize(height: 360, width: 480)
    public var classMap: ClassMapping?
    public var loader = LoaderRecipe()
    public var augmentation = AugmentationRecipe()

    public init() {}

    static var fields: [Field<DataRecipe>] {
        [
            .value("dataset", \.dataset, "camvid, idd-lite, folder (your own images and label PNGs), or street-scenes (built in).")
                .required().known(as: "name", "kind"),
            .value("root", \.root, "The data's folder, relative to the current folder.")
                .required().only("dataset", \.dataset, .camVid, .iddLite, .folder).known(as: "path", "dir", "folder"),
            .value(
                "train", \.train,
                "The split, or list of splits, to train on: train, val or test; for a folder the name of a folder inside "
                    + "'images' and 'labels', or of a list of images inside root, such as train.txt; . is all of it."
            ).known(as: "training"),
            .value("validation", \.validation, "The split that chooses the best checkpoint.").known(as: "val", "valid"),
            .value("test", \.test, "The split that the final score is measured on."),
            .value(
                "classes", \.classes,
                "The classes in the order of their label values: a list of names, or name: [red, green, blue]; "
                    + "or a file inside root, such as classes.txt with a name a line, or classes.json."
            ).required().only("dataset", \.dataset, .folder),
            .value("images", \.images, "The folder of images inside root.").only("dataset", \.dataset, .folder),
            .value("labels", \.labels, "The folder of label PNGs inside root: same names, pixel = class index.")
                .only("dataset", \.dataset, .folder).known(as: "masks", "annotations"),
            .text("imageSuffix", \.imageSuffix, "What image names end in before the extension, as in 01_image.jpg.")
                .only("dataset", \.dataset, .folder),
            .text("labelSuffix", \.labelSuffix, "What label names end in before the extension, as in 01_label.png.")
                .only("dataset", \.dataset, .folder),
            .value("ignore", \.ignore, "Label values, besides 255, that are neither trained on nor scored.")
                .only("dataset", \.dataset, .folder).known(as: "ignoreIndex", "void"),
            .number("count", \.count, .atLeast(1), "Training scenes that make up an epoch.")
                .only("dataset", \.dataset, .streetScenes),
            .number("evaluationCount", \.evaluationCount, .atLeast(1), "Scenes in each of the validation and test splits.")
                .only("dataset", \.dataset, .streetScenes),
            .value("size", \.size, "[height, width] of the rendered scenes; CamVid's own by default.")
                .only("dataset", \.dataset, .streetScenes),
            .value(
                "classMap", \.classMap, or: "none",
                "common7 maps the classes onto the seven that CamVid, IDD and Cityscapes share."
            ).only("dataset", \.dataset, .camVid, .iddLite, .streetScenes),
            .section("loader", \.loader, "Reading and batching."),
            .section("augmentation", \.augmentation, "Random changes to the training images, seeded by seed, epoch and index."),
        ]
    }

    mutating func resolve(_ reader: RecipeReader) {
        if dataset == .iddLite && !reader.isGiven("test") { test = ["val"] }
        if !reader.isGiven("augmentation.crop") { augmentation.crop = defaultCrop }
    }

    private var defaultCrop: PixelSize {
        switch dataset {
        case .camVid: PixelSize(height: 360, width: 360)
        case .iddLite: PixelSize(height: 224, width: 224)
        case .folder: PixelSize(height: 512, width: 512)
        case .streetScenes: size
        }
    }

    /// The number of classes that the network tells apart; nil when a file of classes decides it.
    public var classCount: Int? {
        switch dataset {
        case .camVid, .streetScenes: classMap == .common7 ? 7 : 11
        case .iddLite: 7
        case .folder: classes.file == nil ? classes.entries.count : nil
        }
    }

    func check(_ reader: inout RecipeReader) {
        if dataset == .folder {
            let outside = ignore.filter { !(0...255).contains($0) }
            if !outside.isEmpty {
                reader.report(at: "ignore", "expected label values from 0 to 255, found \(outside.yaml)")
            }
            return
        }
        let known = dataset == .iddLite ? ["train", "val"] : ["train", "val", "test"]
        for (key, splits) in [("train", train), ("validation", validation), ("test", test)] {
            for split in splits.names where !known.contains(split) {
                let words = RecipeWriter.alternatives(known)
                reader.report(at: key, "'\(dataset.rawValue)' has no split '\(split)'; expected \(words)")
            }
        }
    }
}

/// Reading and batching.
public struct LoaderRecipe: RecipeSection {
    public var batchSize = 16
    public var threads: Int?
    public var cacheMegabytes = 512

    public init() {}

    static var fields: [Field<LoaderRecipe>] {
        [
            .number("batchSize", \.batchSize, .atLeast(1), "Images a step. 16: CIRKD v1.").known(as: "batch"),
            .number(
                "threads", \.threads, or: "auto", .atLeast(1),
                "Threads that decode and augment ahead of the step; auto: what the step leaves over."
            ).known(as: "workers", "numWorkers"),
            .number(
                "cacheMegabytes", \.cacheMegabytes, .atLeast(0),
                "Memory for decoded images that are kept between epochs; 0: none."
            ).known(as: "cache"),
        ]
    }
}
