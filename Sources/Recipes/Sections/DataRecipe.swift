import Support

/// The images and labels, and how they reach the network.
public struct DataRecipe: RecipeSection {
    /// What becomes of samples that cannot be used.
    public enum BadSamples: String, RecipeChoice { case stop, skip }

    public var dataset = DatasetSchema.none
    public var root = ""
    public var train: NameList = ["train"]
    public var validation: NameList = ["val"]
    public var test: NameList = ["test"]
    public var targets: [TargetRecipe] = []
    public var fraction = 1.0
    public var fractionSeed = 0
    /// A file that names the training images whose labels are used.
    public var labelled: String?
    /// Images without labels, and who says what they show; nil uses none.
    public var unlabelled: UnlabelledRecipe?
    public var instances = false
    /// The size of the pieces that every image is cut into; nil leaves them whole.
    public var tile: PixelSize?
    public var classes = ClassesRecipe()
    public var images: String?
    public var labels: String?
    public var imageSuffix = ""
    public var labelSuffix = ""
    public var ignore: [Int] = []
    public var count = 2000
    public var evaluationCount = 100
    public var size = PixelSize(height: 360, width: 480)
    public var domain = "clear"
    public var severity = 0.5
    public var classMap: String?
    public var packed: String?
    public var badSamples = BadSamples.stop
    public var loader = LoaderRecipe()
    public var augmentation = AugmentationRecipe()

    public init() {}

    static var fields: [Field<DataRecipe>] {
        let own = "data of your own"
        let scenes = "'dataset: street-scenes'"
        return [
            dataset,
            .value("root", \.root, "The data's folder, relative to the current folder.")
                .required().only("data in files") { $0.has("root") }.known(as: "path", "dir", "folder"),
            .value(
                "train", \.train,
                "The split, or list of splits, to train on, as 'segdistill data show NAME' lists them; for a folder the name of a folder "
                    + "inside 'images' and 'labels', or of a list of images inside root, such as train.txt; . is all of it."
            ).known(as: "training"),
            .value("validation", \.validation, "The split that chooses the best checkpoint.").known(as: "val", "valid"),
            .value("test", \.test, "The split that the final score is measured on."),
            .sections(
                "targets", \.targets,
                "Further data sets in the same classes, each with a name, that the trained network is tested on too: how far it generalises."
            ).known(as: "domains", "target"),
            .number(
                "fraction", \.fraction, .from(0, to: 1),
                "The share of the training images that is used, drawn once and for all seeds alike; a smaller share is part of a larger one."
            ).known(as: "share", "labelFraction"),
            .number("fractionSeed", \.fractionSeed, .atLeast(0), "Another number draws another share; runs of one comparison share it.")
                .only("a 'fraction' below 1") { $0.fraction < 1 },
            .value(
                "labelled", \.labelled, or: "none",
                "A file that names the training images that are used, in place of a fraction: a text file with a name a line, such as Guided "
                    + "Distillation's lists, or a list in JSON."
            ).known(as: "labeled", "labelList", "split"),
            .section(
                "unlabelled", \.unlabelled,
                "Further images whose labels are not read: a teacher's objects stand for them (pseudo-labels)."
            ).known(as: "unlabeled", "semi", "semiSupervised"),
            .value("instances", \.instances, "Read the objects too, for networks that tell them apart.")
                .only("data with objects") { $0.has("instances") },
            .value(
                "tile", \.tile, or: "none",
                "[height, width] of the pieces that every image is cut into, to train on, to validate and to test: for images much larger "
                    + "than their objects."
            ).known(as: "tiles", "tileSize", "patches"),
            .value(
                "classes", \.classes,
                "The classes in the order of their label values: a list of names, or name: [red, green, blue]; "
                    + "or a file inside root, such as classes.txt with a name a line, or classes.json."
            ).required().only(own) { $0.has("classes") && ($0.isLabelled || $0.classes != ClassesRecipe()) },
            .value("images", \.images, or: "default", "The folder of images inside root; default: images.").only(own) { $0.has("images") },
            .value(
                "labels", \.labels, or: "default",
                "The folder of labels inside root; default: labels. For label PNGs: same names as the images, pixel = class index. none: there are "
                    + "no labels, which loss.task: none does without."
            ).only(own) { $0.has("labels") || $0.has("classes") && !$0.isLabelled }.known(as: "masks", "annotations"),
            .text("imageSuffix", \.imageSuffix, "What image names end in before the extension, as in 01_image.jpg.")
                .only(own) { $0.has("imageSuffix") },
            .text("labelSuffix", \.labelSuffix, "What label names end in before the extension, as in 01_label.png.")
                .only(own) { $0.has("labelSuffix") },
            .value("ignore", \.ignore, "Label values, besides 255, that are neither trained on nor scored.")
                .only(own) { $0.has("ignore") }.known(as: "ignoreIndex", "void"),
            .number("count", \.count, .atLeast(1), "Training scenes that make up an epoch.").only(scenes) { $0.has("count") },
            .number("evaluationCount", \.evaluationCount, .atLeast(1), "Scenes in each of the validation and test splits.")
                .only(scenes) { $0.has("evaluationCount") },
            .value("size", \.size, "[height, width] of the rendered scenes; CamVid's own by default.").only(scenes) { $0.has("size") },
            .text(
                "domain", \.domain,
                "What the scenes are seen like: clear, dusk, night, fog, rain, snow, low-sun, other-city or other-camera. "
                    + "A split may say its own, as in test@fog or test@fog:0.8."
            ).only(scenes) { $0.has("domain") },
            .number("severity", \.severity, .from(0, to: 1), "How far a domain that says none is from a clear day: 0 hardly … 1 the worst.")
                .only(scenes) { $0.has("severity") },
            .value(
                "classMap", \.classMap, or: "none",
                "Maps the classes onto another list: common7 (the seven that CamVid, IDD and Cityscapes share), cityscapes19, "
                    + "or cityscapes16 and cityscapes13 (those of the comparisons with SYNTHIA)."
            ).only("data whose classes are known here") { !$0.dataset.classMaps.isEmpty },
            .value(
                "packed", \.packed, or: "none",
                "A file that 'segdistill data pack' made of the training split, which is then read from there."
            ).only("data in files") { $0.has("root") }.known(as: "pack"),
            .value(
                "badSamples", \.badSamples,
                "What happens to broken files, missing pairs and impossible labels: stop refuses to train; skip reads all samples before "
                    + "training, puts the bad ones aside and lists them in put-aside.txt of the run folder."
            ).only("data in files") { $0.has("root") }.known(as: "onError", "ignoreErrors"),
            .section("loader", \.loader, "Reading and batching."),
            .section("augmentation", \.augmentation, "Random changes to the training images, seeded by seed, epoch and index."),
        ]
    }

    /// Whether a key that belongs to some data sets only has a meaning for this one.
    private func has(_ key: String) -> Bool { dataset.keys.contains(key) }

    private static var dataset: Field<DataRecipe> {
        Field("dataset", doc: "The data set, by its name in 'segdistill data list': camvid, cityscapes, folder (your own), street-scenes …")
        {
            node, section, reader in
            let datasets = reader.catalog.datasets
            if let found = datasets.first(where: { $0.name == node.text }) {
                section.dataset = found
            } else {
                let nearest = node.text.flatMap { nearestName(to: $0, in: datasets.map(\.name)) }.map { "did you mean '\($0)'?" }
                reader.report(node, "there is no data set \(node.found); \(nearest ?? "'segdistill data list' shows all")")
            }
        } yaml: {
            $0.dataset.name.yaml
        }.required().known(as: "name", "kind")
    }

    mutating func resolve(_ reader: RecipeReader) {
        if !reader.isGiven("train") { train = dataset.train }
        if !reader.isGiven("validation") { validation = dataset.validation }
        if !reader.isGiven("test") { test = dataset.test }
        if !reader.isGiven("augmentation.crop") { augmentation.crop = dataset.crop ?? size }
        resolveTargets(reader)
    }

    /// Whether there are labels at all.
    public var isLabelled: Bool { labels != "none" }

    /// The number of classes that the network tells apart; nil when a file of classes decides it.
    public var classCount: Int? {
        if let classMap { return dataset.classMaps[classMap] }
        return dataset.classCount ?? (has("classes") && classes.file == nil ? classes.entries.count : nil)
    }

    func check(_ reader: inout RecipeReader) {
        let outside = ignore.filter { !(0...255).contains($0) }
        if !outside.isEmpty { reader.report(at: "ignore", "expected label values from 0 to 255, found \(outside.yaml)") }
        if let classMap, dataset.classMaps[classMap] == nil {
            let words = RecipeWriter.alternatives(dataset.classMaps.keys.sorted())
            reader.report(at: "classMap", "'\(dataset.name)' cannot be mapped onto '\(classMap)'; expected \(words)")
        }
        if has("domain"), let problem = dataset.problem(withDomain: domain) { reader.report(at: "domain", problem) }
        if fraction == 0 { reader.report(at: "fraction", "expected a number greater than 0, found 0") }
        checkUnlabelled(&reader)
        checkTargets(&reader)
        guard !dataset.splits.isEmpty else { return }
        for (key, splits) in [("train", train), ("validation", validation), ("test", test)] {
            for split in splits.names {
                if let problem = dataset.problem(withSplit: split) { reader.report(at: key, problem) }
            }
        }
    }
}
