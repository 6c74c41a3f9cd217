import Support

extension Models {
    /// A head by name, the published output stride it is built for, and how it is made.
    private struct HeadKind: Sendable {
        let name: String
        let outputStride: Int
        let source: String
        let make: @Sendable (_ backbone: Backbone, _ classes: Int, _ width: Int?) -> any SegmentationHead
    }

    /// A backbone by name and how it is made for an output stride.
    private struct BackboneKind: Sendable {
        let name: String
        let license: String
        let source: String
        let make: @Sendable (_ outputStride: Int) -> Backbone
    }

    private static let heads = [
        HeadKind(name: "fcn", outputStride: 8, source: "Long et al. 2015") { FCN($0.channels[3], classes: $1, width: $2) },
        HeadKind(name: "pspnet", outputStride: 8, source: "Zhao et al. 2017") { PSP($0.channels[3], classes: $1, width: $2) },
        HeadKind(name: "deeplabv3", outputStride: 8, source: "Chen et al. 2017") { backbone, classes, width in
            // The published rates are those of stride 8; the field of view in pixels stays the same at others.
            let rates = [12, 24, 36].map { $0 * 8 / backbone.strides[3] }
            return DeepLabV3(backbone.channels[3], classes: classes, rates: rates, width: width ?? 256)
        },
        HeadKind(name: "lraspp", outputStride: 16, source: "Howard et al. 2019") { backbone, classes, width in
            LRASPP(low: backbone.channels[1], high: backbone.channels[3], classes: classes, width: width ?? 128)
        },
    ]

    private static let backbones =
        ResNet.Depth.allCases.map { depth in
            BackboneKind(name: "resnet\(depth.rawValue)", license: "BSD-3-Clause", source: "He et al. 2016, torchvision") {
                ResNet(depth, outputStride: $0)
            }
        } + [
            BackboneKind(name: "mobilenetv2", license: "BSD-3-Clause", source: "Sandler et al. 2018, torchvision") {
                MobileNetV2(outputStride: $0)
            },
            BackboneKind(name: "efficientnet-lite0", license: "Apache-2.0", source: "Google 2020, EfficientNet-Lite0") {
                EfficientNetLite0(outputStride: $0)
            },
        ]

    static let encoderDecoders: [Entry] = heads.flatMap { head in backbones.map { entry(head, $0) } }

    private static func entry(_ head: HeadKind, _ backbone: BackboneKind) -> Entry {
        Entry(name: "\(head.name)-\(backbone.name)") { name, classes, options in
            let stride = options.outputStride ?? head.outputStride
            guard [8, 16, 32].contains(stride) else {
                throw UserError("the output stride of \(name) is \(stride)", hint: "It can be 8, 16 or 32.")
            }
            let body = backbone.make(stride)
            let card = ModelCard(
                name: name, sizeMultiple: stride, classes: classes, license: backbone.license,
                source: "\(head.source); \(backbone.source)")
            return EncoderDecoder(
                card, body, head: head.make(body, classes, options.headChannels),
                auxiliary: options.hasAuxiliaryHead ? FCN(body.channels[2], classes: classes, stage: 2) : nil)
        }
    }
}
