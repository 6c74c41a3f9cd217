import TorchNN

extension Models {
    /// torchvision's segmentation networks that are not the combination of a head and a backbone here; the others are aliases in the
    /// table of heads.
    static let torchvisions = [
        // At stride 16 the dilations are those of stride 8, and the auxiliary head reads stride 8, as LR-ASPP does.
        Entry(name: "torchvision:deeplabv3_mobilenet_v3_large") { name, classes, options in
            let stride = options.outputStride ?? 16
            try checkStride(stride, of: name)
            let kind = BackboneKind.all.first { $0.name == "mobilenetv3-large" }!
            let backbone = try kind.build(.init(outputStride: stride, isSecondMapEarly: true))
            var card = backbone.card
            (card.name, card.classes, card.source) = (name, classes, "Chen et al. 2017, torchvision; \(card.source)")
            card.inputSize = nil
            let head = DeepLabV3(backbone.channels[3], classes: classes, rates: [12, 24, 36], width: options.headChannels ?? 256)
            let auxiliary = options.hasAuxiliaryHead ? FCN(backbone.channels[1], classes: classes, stage: 1) : nil
            return EncoderDecoder(card, backbone, head: head, auxiliary: auxiliary)
        }
    ]
}
