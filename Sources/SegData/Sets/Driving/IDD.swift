extension DatasetKind {
    /// IDD-Lite: the India Driving Dataset (Varma et al. 2019), small, with its seven level-1 classes.
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

    static let iddLicense = "IDD's terms: non-commercial research, after registration"
    static let iddSource = "https://idd.insaan.iiit.ac.in"
}
