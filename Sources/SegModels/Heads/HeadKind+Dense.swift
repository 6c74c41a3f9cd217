import Support

extension HeadKind {
    /// The heads that join several maps, and those of plain vision transformers.
    static let dense = [
        HeadKind("deeplabv3plus", source: "Chen et al., ECCV 2018, mmsegmentation", outputStride: 8, fits: \.dilates) {
            backbone, classes, width in
            let (shallow, deep) = (backbone.channels[0], backbone.channels[3])
            // A quarter of a ResNet's channels, and 48 of 512 for its shallow map; the paper's widths on others.
            let isWide = deep >= 512
            let head = width ?? (isWide ? deep / 4 : 256)
            return ASPP(
                deep, classes: classes, rates: atrousRates(backbone), width: head,
                decoder: .init(shallow, width: isWide ? max(1, head * 3 / 32) : 48))
        },
        HeadKind("segformer", source: "Xie et al., NeurIPS 2021", alias: segFormerName, fits: \.isPyramid) { backbone, classes, width in
            SegFormerHead(backbone.channels, classes: classes, width: width ?? segFormerWidth(backbone))
        },
        HeadKind("upernet", source: "Xiao et al., ECCV 2018", auxiliaryWidth: 256, fits: \.isPyramid) { backbone, classes, width in
            UPerNetHead(backbone.channels, classes: classes, width: width ?? 512)
        },
        HeadKind("linear", source: "Oquab et al. 2023, DINOv2", fits: \.hasTokens) { backbone, classes, width in
            try refuseWidth("linear", width)
            return LinearHead([backbone.channels[3]], classes: classes)
        },
        HeadKind("linear-ms", source: "Oquab et al. 2023, DINOv2", fits: \.hasTokens) { backbone, classes, width in
            try refuseWidth("linear-ms", width)
            return LinearHead(backbone.channels, classes: classes)
        },
        HeadKind("dpt", source: "Ranftl et al., ICCV 2021", fits: \.hasTokens) { backbone, classes, width in
            guard let transformer = backbone as? any TokenBackbone else { throw noTokens("dpt", backbone) }
            let channels = backbone.channels[3]
            var options = DPTHead.Options()
            options.widths = [8, 4, 2, 1].map { channels / $0 }
            options.fusionWidth = width ?? 256
            // After each quarter of the blocks, as published for ViT-B.
            let blocks = (1...4).map { transformer.depth * $0 / 4 - 1 }
            return DPTHead(channels, classes: classes, blocks: blocks, options: options)
        },
    ]

    /// mmsegmentation's forms of heads that torchvision or the authors built in another way.
    static let mmseg = [
        HeadKind("mmseg:fcn", source: "Long et al. 2015, mmsegmentation", outputStride: 8, fits: \.dilates) { backbone, classes, width in
            FCN(backbone.channels[3], classes: classes, width: width, convs: 2, concatenates: true)
        },
        HeadKind("mmseg:pspnet", source: "Zhao et al. 2017, mmsegmentation", outputStride: 8, fits: \.dilates) { backbone, classes, width in
            PSP(backbone.channels[3], classes: classes, width: width, isMMSegs: true)
        },
        HeadKind("mmseg:deeplabv3", source: "Chen et al. 2017, mmsegmentation", outputStride: 8, fits: \.dilates) {
            backbone, classes, width in
            let channels = backbone.channels[3]
            return ASPP(channels, classes: classes, rates: atrousRates(backbone), width: width ?? (channels >= 512 ? channels / 4 : 512))
        },
        HeadKind(
            "mmseg:lraspp", source: "Howard et al. 2019, mmsegmentation", outputStride: 8, options: .init(library: "mmseg"),
            fits: isWholeMobileNetV3
        ) { backbone, classes, width in
            let channels = backbone.channels
            return MMSegLRASPP(half: 16, shallow: channels[0], deep: channels[3], classes: classes, width: width ?? 128)
        },
        HeadKind("mmseg:segformer", source: "Xie et al. 2021, mmsegmentation", fits: \.isPyramid) { backbone, classes, width in
            SegFormerHead(backbone.channels, classes: classes, width: width ?? 256, form: .normalized)
        },
    ]

    /// `segformer-b0` is SegFormer's head on `mit-b0`.
    private static func segFormerName(_ kind: BackboneKind) -> String? {
        kind.name.hasPrefix("mit-") ? "segformer-\(kind.name.dropFirst(4))" : nil
    }

    /// B0 and B1 have 256 channels, B2 to B5 768.
    private static func segFormerWidth(_ backbone: Backbone) -> Int {
        let name = backbone.card.name
        return name.hasPrefix("mit-") && !["mit-b0", "mit-b1"].contains(name) ? 768 : 256
    }

    @Sendable private static func isWholeMobileNetV3(_ kind: BackboneKind) -> Bool {
        ["mobilenetv3-large", "mobilenetv3-small"].contains(kind.name)
    }

    private static func refuseWidth(_ head: String, _ width: Int?) throws {
        try Models.refuse("headChannels", of: head, unless: width == nil)
    }

    private static func noTokens(_ head: String, _ backbone: Backbone) -> UserError {
        UserError(
            "the head \(head) reads the tokens of a plain vision transformer, and \(backbone.card.name) gives none",
            hint: "Choose another head or backbone.")
    }
}
