/// A row of the table of heads: a name and how it is made for a backbone.
struct HeadKind: Sendable {
    /// As part of a model's name: `<name>-resnet50`.
    let name: String
    let source: String
    /// The output stride that it is published with, on backbones that dilate; nil: the backbone's own.
    let outputStride: Int?
    /// Which backbones it can stand on.
    let fits: @Sendable (BackboneKind) -> Bool
    let make: @Sendable (_ backbone: Backbone, _ classes: Int, _ width: Int?) throws -> any SegmentationHead

    init(
        _ name: String, source: String, outputStride: Int? = nil, fits: @escaping @Sendable (BackboneKind) -> Bool = { _ in true },
        make: @escaping @Sendable (_ backbone: Backbone, _ classes: Int, _ width: Int?) throws -> any SegmentationHead
    ) {
        self.name = name
        self.source = source
        self.outputStride = outputStride
        self.fits = fits
        self.make = make
    }

    /// The head on every backbone that it fits: `<head>-<backbone>`.
    var entries: [Models.Entry] { BackboneKind.all.filter(fits).map(entry) }

    private func entry(_ kind: BackboneKind) -> Models.Entry {
        Models.Entry(name: "\(name)-\(kind.name)") { name, classes, options in
            if !kind.dilates { try Models.refuse("outputStride", of: name, unless: options.outputStride == nil) }
            let stride = options.outputStride ?? (kind.dilates ? outputStride : nil)
            if let stride { try Models.checkStride(stride, of: name) }
            let backbone = try kind.build(.init(outputStride: stride))
            var card = backbone.card
            (card.name, card.classes, card.source) = (name, classes, "\(source); \(card.source)")
            // The backbone's published weights have an input size; the network is trained at the recipe's.
            card.inputSize = nil
            return EncoderDecoder(
                card, backbone, head: try make(backbone, classes, options.headChannels),
                auxiliary: options.hasAuxiliaryHead ? FCN(backbone.channels[2], classes: classes, stage: 2) : nil)
        }
    }
}

extension HeadKind {
    /// The heads that read the deepest map, kept large by dilation, and LR-ASPP.
    static let classical = [
        HeadKind("fcn", source: "Long et al. 2015", outputStride: 8) { FCN($0.channels[3], classes: $1, width: $2) },
        HeadKind("pspnet", source: "Zhao et al. 2017", outputStride: 8, fits: \.dilates) { PSP($0.channels[3], classes: $1, width: $2) },
        HeadKind("deeplabv3", source: "Chen et al. 2017", outputStride: 8, fits: \.dilates) { backbone, classes, width in
            // The published rates are those of stride 8; the field of view in pixels stays the same at others.
            let rates = [12, 24, 36].map { $0 * 8 / backbone.strides[3] }
            return DeepLabV3(backbone.channels[3], classes: classes, rates: rates, width: width ?? 256)
        },
        HeadKind("lraspp", source: "Howard et al. 2019", outputStride: 16, fits: \.dilates) { backbone, classes, width in
            LRASPP(low: backbone.channels[1], high: backbone.channels[3], classes: classes, width: width ?? 128)
        },
    ]
}
