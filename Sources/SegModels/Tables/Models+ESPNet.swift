import Support

extension Models {
    static let espnetv2: [Entry] = ESPNetv2.widths.keys.sorted().map { scale in
        Entry(name: "espnetv2-s\(scale)") { name, classes, options in
            try refuse("outputStride", of: name, unless: options.outputStride == nil)
            try refuse("patchSize", of: name, unless: options.patchSize == nil)
            try refuse("auxiliaryHead", of: name, unless: !options.hasAuxiliaryHead)
            let card = ModelCard(
                name: name, sizeMultiple: 16, classes: classes, license: "MIT",
                source: "Mehta et al., CVPR 2019, github.com/sacmehta/EdgeNets")
            return ESPNetv2(scale: scale, card, width: options.headChannels)
        }
    }

    /// The published networks: q blocks at stride 8; the CamVid one has its own pixel statistics and joins the image.
    static let espnet: [Entry] = [
        espnet("espnet") { ESPNet($0, p: 2, q: 8, joinsImage: false) },
        espnet("espnet-q5") { ESPNet($0, p: 2, q: 5, joinsImage: false) },
        espnet("espnet-q3") { ESPNet($0, p: 2, q: 3, joinsImage: false) },
        espnet("espnet-camvid", pixels: camVidPixels) { ESPNet($0, p: 2, q: 8, joinsImage: true) },
        espnet("espnet-c") { ESPNetC($0, p: 2, q: 8) },
    ]

    private static let cityscapesPixels = Normalization.espnet(
        mean: [72.392_311, 82.908_936, 73.158_401], std: [45.319_222, 46.152_893, 44.914_833])
    private static let camVidPixels = Normalization.espnet(
        mean: [110.331_39, 108.409_19, 105.033_53], std: [72.125_206, 72.688_49, 69.902_596])

    private static func espnet(
        _ name: String, pixels: Normalization = cityscapesPixels, make: @escaping @Sendable (ModelCard) -> SegmentationModel
    ) -> Entry {
        Entry(name: name) { name, classes, options in
            // Its decoder's widest unit has as many channels as there are classes, in five branches.
            guard classes >= 5 else {
                throw UserError("\(name) needs at least 5 classes, not \(classes)", hint: "Choose another model, espnetv2-s0.5 say.")
            }
            try refuse("outputStride", of: name, unless: options.outputStride == nil)
            try refuse("patchSize", of: name, unless: options.patchSize == nil)
            try refuse("headChannels", of: name, unless: options.headChannels == nil)
            try refuse("auxiliaryHead", of: name, unless: !options.hasAuxiliaryHead)
            return make(
                ModelCard(
                    name: name, normalization: pixels, sizeMultiple: 8, classes: classes, license: "MIT",
                    source: "Mehta et al., ECCV 2018, github.com/sacmehta/ESPNet"))
        }
    }
}
