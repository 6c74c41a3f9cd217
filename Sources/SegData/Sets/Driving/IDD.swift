extension DatasetKind {
    /// The India Driving Dataset (Varma et al. 2019) with its 26 level-3 classes.
    static let idd = iddSet(
        "idd", "IDD", classes: .idd26, suffix: "_gtFine_labellevel3Ids", coding: .indices(ignoring: []))

    /// The same images with the labels that its tools write in Cityscapes' classes.
    static let iddCityscapes = iddSet(
        "idd-cityscapes", "IDD in Cityscapes' classes", classes: .cityscapes19, suffix: "_gtFine_labelcsTrainIds",
        coding: .indices(ignoring: []))

    private static func iddSet(
        _ name: String, _ title: String, classes: ClassList, suffix: String, coding: LabelCoding
    ) -> DatasetKind {
        DatasetKind(
            name, title, "roads in India, mostly 1920×1080", classes: classes, crop: Size(width: 1024, height: 512), license: iddLicense,
            source: "\(iddSource); the label PNGs come from its tools (github.com/AutoNUE/public-code)",
            layout: """
                leftImg8bit/SPLIT/DRIVE/*_leftImg8bit.png or .jpg
                gtFine/SPLIT/DRIVE/*\(suffix).png, written by preperation/createLabels.py; test has no labels
                """
        ) { request in
            let images = try request.folder("leftImg8bit/\(request.split)")
            let isLabelled = request.split != "test"
            let pairing = FilePairing(
                images: images, imageSuffix: "_leftImg8bit", labels: isLabelled ? try request.folder("gtFine/\(request.split)") : nil,
                labelSuffix: suffix)
            return try request.dataset([pairing], coding)
        }
    }

    /// IDD-Lite: small, with the seven level-1 classes.
    static let iddLite = DatasetKind(
        "idd-lite", "IDD-Lite", "roads in India, 320×227", classes: .common7, splits: ["train", "val"],
        usual: UsualSplits(test: ["val"]), crop: Size(width: 224, height: 224), hasOneSize: true, license: iddLicense, source: iddSource,
        layout: """
            leftImg8bit/SPLIT/DRIVE/*_image.jpg
            gtFine/SPLIT/DRIVE/*_label.png
            """
    ) { request in
        let split = request.split
        return try request.dataset([
            FilePairing(
                images: request.folder("leftImg8bit/\(split)"), imageSuffix: "_image", labels: request.folder("gtFine/\(split)"),
                labelSuffix: "_label")
        ])
    }

    private static let iddLicense = "IDD's terms: non-commercial research, after registration"
    private static let iddSource = "https://idd.insaan.iiit.ac.in"
}
