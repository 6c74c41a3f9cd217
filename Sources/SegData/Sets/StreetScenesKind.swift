extension DatasetKind {
    /// The built-in scenes. Each split is a series of its own; a run's seed changes the training, not the streets.
    public static let streetScenes = DatasetKind(
        "street-scenes", "StreetScenes", "procedural street scenes, built in, endless", classes: .camVid11,
        instanceClasses: StreetScenes.objectClasses, ignored: "255",
        domains: StreetScenes.Domain.Kind.allCases.map(\.rawValue), crop: nil, hasOneSize: true, license: "that of this program",
        source: "built in", layout: "no files",
        settings: [.count, .evaluationCount, .size, .domain, .severity], isFiles: false
    ) { request in
        let (options, size) = (request.options, request.options.size)
        let series = ["train": 1, "val": 2, "test": 3][request.split]!
        var scenes = try StreetScenes(
            seed: series, count: request.split == "train" ? options.count : options.evaluationCount, width: size.width,
            height: size.height, domain: options.domain)
        scenes.hasInstances = options.instances
        return scenes
    }
}
