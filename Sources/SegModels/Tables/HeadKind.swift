/// A row of the table of heads: a name and how it is made for a backbone.
struct HeadKind: Sendable {
    /// As part of a model's name: `<name>-resnet50`.
    let name: String
    let source: String
    /// The output stride that it is published with, on backbones that dilate; nil: the backbone's own.
    let outputStride: Int?
    /// Which backbones it can stand on.
    let fits: @Sendable (BackboneKind) -> Bool
    /// Channels of the auxiliary head; nil: as published with most, a quarter of the map's on convolutional backbones, 256 on others.
    let auxiliaryWidth: Int?
    /// How it wants the backbone.
    let backboneOptions: BackboneOptions
    /// Another name of the whole network on a backbone, where it has one.
    let alias: @Sendable (BackboneKind) -> String?
    let make: @Sendable (_ backbone: Backbone, _ classes: Int, _ width: Int?) throws -> any SegmentationHead

    init(
        _ name: String, source: String, outputStride: Int? = nil, auxiliaryWidth: Int? = nil, options: BackboneOptions = .init(),
        alias: @escaping @Sendable (BackboneKind) -> String? = { _ in nil },
        fits: @escaping @Sendable (BackboneKind) -> Bool = { _ in true },
        make: @escaping @Sendable (_ backbone: Backbone, _ classes: Int, _ width: Int?) throws -> any SegmentationHead
    ) {
        self.name = name
        self.source = source
        self.outputStride = outputStride
        self.fits = fits
        self.alias = alias
        self.auxiliaryWidth = auxiliaryWidth
        backboneOptions = options
        self.make = make
    }

    /// The head on every backbone that it fits: `<head>-<backbone>`.
    var entries: [Models.Entry] {
        BackboneKind.all.filter(fits).flatMap { kind in
            ["\(name)-\(kind.name)", alias(kind)].compactMap(\.self).map { entry($0, kind) }
        }
    }

    private func entry(_ name: String, _ kind: BackboneKind) -> Models.Entry {
        Models.Entry(name: name) { name, classes, options in
            if !kind.dilates { try Models.refuse("outputStride", of: name, unless: options.outputStride == nil) }
            let stride = options.outputStride ?? (kind.dilates ? outputStride : nil)
            if let stride { try Models.checkStride(stride, of: name) }
            var chosen = backboneOptions
            (chosen.outputStride, chosen.patchSize) = (stride, options.patchSize)
            let backbone = try kind.build(chosen)
            var card = backbone.card
            (card.name, card.classes, card.source) = (name, classes, "\(source); \(card.source)")
            // The backbone's published weights have an input size; the network is trained at the recipe's.
            card.inputSize = nil
            let width = auxiliaryWidth ?? (kind.dilates ? nil : 256)
            return EncoderDecoder(
                card, backbone, head: try make(backbone, classes, options.headChannels),
                auxiliary: options.hasAuxiliaryHead ? FCN(backbone.channels[2], classes: classes, width: width, stage: 2) : nil)
        }
    }
}

extension HeadKind {
    /// The heads that read the deepest map, kept large by dilation, and LR-ASPP.
    static let classical = [
        HeadKind("fcn", source: "Long et al. 2015", outputStride: 8, alias: torchvisionName("fcn")) { backbone, classes, width in
            // HRNet keeps all its resolutions up to the end: its own head joins them.
            guard backbone.card.name.hasPrefix("hrnet") else { return FCN(backbone.channels[3], classes: classes, width: width) }
            let joined = backbone.channels.reduce(0, +)
            return FCN(backbone.channels, classes: classes, width: width ?? joined, stages: [0, 1, 2, 3], kernel: 1)
        },
        HeadKind("pspnet", source: "Zhao et al. 2017", outputStride: 8, fits: \.dilates) { PSP($0.channels[3], classes: $1, width: $2) },
        HeadKind(
            "deeplabv3", source: "Chen et al. 2017", outputStride: 8, alias: torchvisionName("deeplabv3"), fits: \.dilates
        ) { backbone, classes, width in
            DeepLabV3(backbone.channels[3], classes: classes, rates: atrousRates(backbone), width: width ?? 256)
        },
        HeadKind(
            "lraspp", source: "Howard et al. 2019", outputStride: 16, options: .init(isSecondMapEarly: true),
            alias: torchvisionLRASPP, fits: \.dilates
        ) { backbone, classes, width in
            LRASPP(low: backbone.channels[1], high: backbone.channels[3], classes: classes, width: width ?? 128)
        },
    ]

    /// torchvision's name for the head on a backbone, where it has the network.
    private static func torchvisionName(_ head: String) -> @Sendable (BackboneKind) -> String? {
        { ["resnet50", "resnet101"].contains($0.name) ? "torchvision:\(head)_\($0.name)" : nil }
    }

    @Sendable private static func torchvisionLRASPP(_ backbone: BackboneKind) -> String? {
        backbone.name == "mobilenetv3-large" ? "torchvision:lraspp_mobilenet_v3_large" : nil
    }

    /// Dilations of atrous pyramids: the published ones are those of stride 8; the field of view in pixels stays the same at others.
    static func atrousRates(_ backbone: Backbone) -> [Int] { [12, 24, 36].map { max(1, $0 * 8 / backbone.strides[3]) } }
}
