import TorchNN

/// Channels as TensorFlow's models round them: to a multiple of `divisor`, at least `least`, and down by a tenth at most.
func roundedChannels(_ channels: Double, divisor: Int = 8, least: Int? = nil) -> Int {
    let rounded = max(least ?? divisor, Int(channels + Double(divisor) / 2) / divisor * divisor)
    return Double(rounded) < 0.9 * channels ? rounded + divisor : rounded
}

extension MobileNet.Configuration {
    /// A row of blocks of equal width: the first strides.
    private struct Level {
        var count = 1
        var kernel = 3
        var stride = 1
        /// Channels of the filtered map over the input's, block by block; the last holds for all that follow.
        var expansions: [Double]
        var channels: Int
        var weighs = false
        var activation = Activation.Kind.relu6
    }

    private mutating func setLevels(_ rows: [Level], width: Double) {
        var inChannels = stem
        levels = rows.map { row in
            let channels = roundedChannels(Double(row.channels) * width)
            return (0..<row.count).map { index in
                defer { inChannels = channels }
                let expansion = row.expansions[min(index, row.expansions.count - 1)]
                let inner = expansion == 1 ? inChannels : roundedChannels(Double(inChannels) * expansion)
                return InvertedResidual.Shape(
                    inChannels: inChannels, inner: inner, outChannels: channels, widens: expansion != 1, kernel: row.kernel,
                    stride: index == 0 ? row.stride : 1, squeezed: row.weighs ? roundedChannels(Double(inner / 4)) : nil,
                    activation: row.activation)
            }
        }
    }

    /// MobileNetV2, of some times the published channels.
    package static func v2(width: Double = 1) -> Self {
        var shape = Self()
        shape.stem = roundedChannels(32 * width)
        shape.head = max(1280, roundedChannels(1280 * width))
        let rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
        shape.setLevels(
            rows.map { Level(count: $0.2, stride: $0.3, expansions: [Double($0.0)], channels: $0.1) }, width: width)
        return shape
    }

    /// EfficientNet-Lite: EfficientNet without channel weights, with ReLU6. The first level, the last and the head keep their depth, the
    /// stem its channels too.
    package static func lite(width: Double, depth: Double, dropout: Double) -> Self {
        var shape = Self()
        (shape.padding, shape.eps, shape.dropout) = (.same, 1e-3, dropout)
        let rows = [
            (3, 1, 16, 1, 1), (3, 6, 24, 2, 2), (5, 6, 40, 2, 2), (3, 6, 80, 3, 2), (5, 6, 112, 3, 1), (5, 6, 192, 4, 2), (3, 6, 320, 1, 1),
        ]
        shape.setLevels(
            rows.enumerated().map { index, row in
                let isEdge = index == 0 || index == rows.count - 1
                let count = isEdge ? row.3 : Int((Double(row.3) * depth).rounded(.up))
                return Level(count: count, kernel: row.0, stride: row.4, expansions: [Double(row.1)], channels: row.2)
            }, width: width)
        return shape
    }

    /// MobileNetV3 as torchvision has it; timm's normalisations have other constants.
    package static func v3(isLarge: Bool, width: Double = 1) -> Self {
        var shape = Self()
        shape.stem = width < 0.75 ? 16 : roundedChannels(16 * width)
        (shape.stemActivation, shape.poolsFirst, shape.dilatesAtOnce) = (.hardswish, true, true)
        (shape.eps, shape.momentum) = (1e-3, 0.01)
        shape.head = isLarge ? 1280 : 1024
        shape.setLevels(isLarge ? large : small, width: width)
        let (before, last) = isLarge ? (160, 960) : (96, 576)
        shape.levels.append([
            InvertedResidual.Shape(
                inChannels: roundedChannels(Double(before) * width), outChannels: roundedChannels(Double(last) * width),
                activation: .hardswish)
        ])
        return shape
    }

    private static let large = [
        Level(expansions: [1], channels: 16, activation: .relu),
        Level(count: 2, stride: 2, expansions: [4, 3], channels: 24, activation: .relu),
        Level(count: 3, kernel: 5, stride: 2, expansions: [3], channels: 40, weighs: true, activation: .relu),
        Level(count: 4, stride: 2, expansions: [6, 2.5, 2.3], channels: 80, activation: .hardswish),
        Level(count: 2, expansions: [6], channels: 112, weighs: true, activation: .hardswish),
        Level(count: 3, kernel: 5, stride: 2, expansions: [6], channels: 160, weighs: true, activation: .hardswish),
    ]

    private static let small = [
        Level(stride: 2, expansions: [1], channels: 16, weighs: true, activation: .relu),
        Level(count: 2, stride: 2, expansions: [4.5, 3.67], channels: 24, activation: .relu),
        Level(count: 3, kernel: 5, stride: 2, expansions: [4, 6], channels: 40, weighs: true, activation: .hardswish),
        Level(count: 2, kernel: 5, expansions: [3], channels: 48, weighs: true, activation: .hardswish),
        Level(count: 3, kernel: 5, stride: 2, expansions: [6], channels: 96, weighs: true, activation: .hardswish),
    ]
}

extension BackboneKind {
    static let mobileNets = mobileNetV2s + mobileNetV3s

    private static let mobileNetV2s = [(35, "-w0.35"), (50, "-w0.5"), (75, "-w0.75"), (100, ""), (140, "-w1.4")].map { percent, suffix in
        let timm = percent < 100 ? "mobilenetv2_0\(percent)" : "mobilenetv2_\(percent)"
        let tag = [50: "lamb_in1k", 100: "ra_in1k", 140: "ra_in1k"][percent]
        return BackboneKind(
            "mobilenetv2\(suffix)",
            aliases: (percent == 100 ? ["torchvision:mobilenet_v2"] : []) + ["timm:\(timm)"] + (tag.map { ["timm:\(timm).\($0)"] } ?? []),
            license: "Apache-2.0 (timm), BSD-3-Clause (torchvision)", source: "Sandler et al. 2018, Google",
            repository: tag.map { "timm/\(timm).\($0)" }, dilates: true
        ) { MobileNet(.v2(width: Double(percent) / 100), outputStride: $0.outputStride ?? 32, classes: $0.classes) }
    }

    private static let mobileNetV3s = [
        (true, 100, "ra_in1k"), (false, 100, "lamb_in1k"), (false, 75, "lamb_in1k"), (false, 50, "lamb_in1k"),
    ]
    .map { isLarge, percent, tag in
        let size = isLarge ? "large" : "small"
        let timm = "mobilenetv3_\(size)_" + (percent < 100 ? "0\(percent)" : "100")
        let suffix = [75: "-w0.75", 50: "-w0.5"][percent] ?? ""
        return BackboneKind(
            "mobilenetv3-\(size)\(suffix)",
            aliases: (percent == 100 ? ["torchvision:mobilenet_v3_\(size)"] : []) + ["timm:\(timm)", "timm:\(timm).\(tag)"],
            license: "Apache-2.0 (timm), BSD-3-Clause (torchvision)", source: "Howard et al. 2019, Google",
            repository: "timm/\(timm).\(tag)", dilates: true
        ) { options in
            var shape = MobileNet.Configuration.v3(isLarge: isLarge, width: Double(percent) / 100)
            // Weights of torchvision and timm were trained with different constants; files of one need its own.
            if options.library == "timm" || percent < 100 { (shape.eps, shape.momentum) = (1e-5, 0.1) }
            if options.library == "mmseg" { shape.padding = .same }
            shape.isSecondMapEarly = options.isSecondMapEarly
            return MobileNet(shape, outputStride: options.outputStride ?? 32, classes: options.classes)
        }
    }

    static let efficientNets = [(1, 1, 224, 0.2), (1, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 300, 0.3), (1.4, 1.8, 380, 0.4)]
        .enumerated().map { number, sizes in efficientNet(number, sizes) }

    private static func efficientNet(_ number: Int, _ sizes: (width: Double, depth: Double, side: Int, dropout: Double)) -> BackboneKind {
        let timm = "tf_efficientnet_lite\(number)"
        return BackboneKind(
            "efficientnet-lite\(number)", aliases: ["timm:\(timm)", "timm:\(timm).in1k"],
            normalization: .half, inputSize: sizes.side, license: "Apache-2.0",
            source: "Google 2020, EfficientNet-Lite\(number)", repository: "timm/\(timm).in1k", dilates: true
        ) {
            MobileNet(
                .lite(width: sizes.width, depth: sizes.depth, dropout: sizes.dropout), outputStride: $0.outputStride ?? 32,
                classes: $0.classes)
        }
    }
}
