extension Models {
    static let espnetv2: [Entry] = ESPNetv2.widths.keys.sorted().map { scale in
        Entry(name: "espnetv2-s\(scale)") { name, classes, options in
            try refuse("outputStride", of: name, unless: options.outputStride == nil)
            try refuse("auxiliaryHead", of: name, unless: !options.hasAuxiliaryHead)
            let card = ModelCard(
                name: name, sizeMultiple: 16, classes: classes, license: "MIT",
                source: "Mehta et al., CVPR 2019, github.com/sacmehta/EdgeNets")
            return ESPNetv2(scale: scale, card, width: options.headChannels)
        }
    }
}
