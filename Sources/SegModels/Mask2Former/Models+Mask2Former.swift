import Support

extension Models {
    /// `mask2former-<backbone>` on every backbone, of a plain vision transformer on a pyramid of its tokens; `mask2former-dpt-<backbone>` on
    /// plain vision transformers; and all with `small`: a student's size.
    static var mask2formers: [Entry] {
        BackboneKind.all.filter { !$0.isPlain || $0.hasTokens }.flatMap { kind in
            MaskSize.allCases.flatMap { size in
                (kind.isPlain ? ["", "dpt-"] : [""]).map { neck in
                    Entry(name: "mask2former-\(size == .small ? "small-" : "")\(neck)\(kind.name)") {
                        try mask2former($0, kind, size, hasDPT: !neck.isEmpty, classes: $1, options: $2)
                    }
                }
            }
        }
    }

    /// As heads with the backbones that they stand on.
    static var mask2formerCards: [(name: String, source: String, backbones: [String])] {
        [false, true].flatMap { hasDPT in
            let backbones = BackboneKind.all.filter { $0.isPlain ? $0.hasTokens : !hasDPT }.map(\.name)
            return ["mask2former", "mask2former-small"].map { name in
                (hasDPT ? "\(name)-dpt" : name, "Cheng et al. 2022\(hasDPT ? "; Ranftl et al. 2021" : "")", backbones)
            }
        }
    }

    /// As published, or of half the width and a third of the depth: each map is read once.
    private enum MaskSize: CaseIterable {
        case base, small
    }

    private static func mask2former(
        _ name: String, _ kind: BackboneKind, _ size: MaskSize, hasDPT: Bool, classes: Int, options: ModelOptions
    ) throws -> Mask2Former {
        try refuse("outputStride", of: name, unless: options.outputStride == nil)
        try refuse("auxiliaryHead", of: name, unless: !options.hasAuxiliaryHead)
        let width = options.headChannels ?? (size == .base ? 256 : 128)
        guard width > 0, width % 32 == 0 else {
            throw UserError("the width of \(name) is \(width)", hint: "'headChannels' must be a multiple of 32.")
        }
        let backbone = try kind.build(.init(patchSize: options.patchSize))
        var card = backbone.card
        (card.name, card.classes) = (name, classes)
        card.source = "Cheng et al., CVPR 2022, github.com/facebookresearch/Mask2Former; \(card.source)"
        if card.license != "MIT" { card.license = "MIT; \(card.license)" }
        (card.inputSize, card.repository) = (nil, repository(kind, size))
        var queries = QueryDecoder.Options()
        queries.width = width
        if size == .small { (queries.layers, queries.hidden) = (3, 4 * width) }
        let plain = backbone as? any TokenBackbone
        if kind.isPlain && plain == nil {
            throw UserError("\(name) reads the tokens of a plain vision transformer, and \(kind.name) gives none")
        }
        guard let transformer = plain, hasDPT else {
            var pixels = DeformablePixelDecoder.Options()
            (pixels.width, pixels.maskChannels) = (width, width)
            if size == .small { (pixels.layers, pixels.hidden) = (2, 4 * width) }
            let tokens = plain.map { TokenStages.pyramid(depth: $0.depth) }
            return Mask2Former(card, backbone, DeformablePixelDecoder(backbone.channels, options: pixels, tokens: tokens), options: queries)
        }
        // SSKD's student: the blocks after each quarter of the depth; widths in the proportions of its ViT-S.
        let channels = backbone.channels[3]
        let neck = DPTPixelDecoder(
            channels, blocks: (1...4).map { transformer.depth * $0 / 4 - 1 },
            widths: (size == .base ? [4, 2, 1] : [8, 4, 2]).map { channels / $0 } + [size == .base ? 2 * channels : channels], width: width)
        return Mask2Former(card, backbone, neck, options: queries)
    }

    /// transformers' copies of the authors' weights for ADE20K.
    private static func repository(_ kind: BackboneKind, _ size: MaskSize) -> String? {
        let published = ["swin-tiny", "swin-small", "swin-base", "swin-large"]
        return size == .base && published.contains(kind.name) ? "facebook/mask2former-\(kind.name)-ade-semantic" : nil
    }
}
