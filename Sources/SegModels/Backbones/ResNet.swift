import Torch
import TorchNN

/// ResNets (He et al. 2016), with torchvision's names and strides; also with three 3×3 convolutions in place of the first 7×7 (mmsegmentation's
/// v1c), and with averaging in place of strides in the shortcuts besides (v1d; He et al. 2019, "Bag of tricks").
///
/// Dilation follows `replace_stride_with_dilation`; torchvision has it for bottlenecks only, here the same rule holds for
/// every 3×3 convolution of a basic block.
public final class ResNet: Backbone {
    public enum Depth: Int, Sendable, CaseIterable {
        case d18 = 18
        case d34 = 34
        case d50 = 50
        case d101 = 101
        case d152 = 152

        var blocks: [Int] {
            switch self {
            case .d18: [2, 2, 2, 2]
            case .d34, .d50: [3, 4, 6, 3]
            case .d101: [3, 4, 23, 3]
            case .d152: [3, 8, 36, 3]
            }
        }
        var hasBottlenecks: Bool { rawValue >= 50 }
    }

    /// What its authors and others vary.
    struct Configuration: Sendable {
        var stemWidth = 64
        /// Channels of the four maps.
        var widths = [256, 512, 1024, 2048]
        var depths = [3, 4, 6, 3]
        var hasBottlenecks = true
        /// Three 3×3 convolutions in place of the 7×7, the first two half as wide.
        var hasDeepStem = false
        /// Shortcuts average before their 1×1 convolution instead of skipping pixels.
        var averagesShortcuts = false
        /// Whether a bottleneck's stride is in its first 1×1 convolution.
        var stridesFirst = false
        /// Whether the first level halves the map too.
        var stridesInFirstLevel = false
        /// Whether, with dilation, the second convolution of a basic block dilates as the first does; not in mmsegmentation.
        var dilatesTwice = true
        /// After the stem and after every sum; between a block's convolutions there is always a ReLU.
        var activation = Activation.Kind.relu

        init() {}

        init(_ depth: Depth) {
            hasBottlenecks = depth.hasBottlenecks
            depths = depth.blocks
            widths = [64, 128, 256, 512].map { depth.hasBottlenecks ? $0 * 4 : $0 }
        }
    }

    let configuration: Configuration
    let conv1: Conv2d?
    let bn1: BatchNorm2d?
    let stem: Sequential?
    let layer1: [ResidualBlock]
    let layer2: [ResidualBlock]
    let layer3: [ResidualBlock]
    let layer4: [ResidualBlock]
    let fc: Linear?

    public convenience init(_ depth: Depth, outputStride: Int = 32, classes: Int? = nil) {
        self.init(Configuration(depth), outputStride: outputStride, classes: classes)
    }

    init(_ configuration: Configuration, outputStride: Int? = nil, classes: Int? = nil) {
        self.configuration = configuration
        let width = configuration.stemWidth
        let firstStride = configuration.stridesInFirstLevel ? 2 : 1
        let outputStride = outputStride ?? 32 * firstStride
        var plan = DilationPlan(outputStride: outputStride)
        _ = plan.level(stride: 4)
        var inChannels = width
        func layer(_ index: Int) -> [ResidualBlock] {
            let (stride, first, rest) = plan.level(stride: index == 0 ? firstStride : 2)
            return (0..<configuration.depths[index]).map { block in
                defer { inChannels = configuration.widths[index] }
                return ResidualBlock(
                    inChannels, configuration.widths[index], configuration, stride: block == 0 ? stride : 1,
                    dilation: block == 0 ? first : rest)
            }
        }
        let isDeep = configuration.hasDeepStem
        conv1 = isDeep ? nil : Conv2d(3, width, kernel: 7, stride: 2, padding: 3, bias: false)
        bn1 = isDeep ? nil : BatchNorm2d(width)
        stem =
            isDeep
            ? Sequential(
                convNormReLU(3, width / 2, kernel: 3, stride: 2) + convNormReLU(width / 2, width / 2, kernel: 3)
                    + convNormReLU(width / 2, width, kernel: 3)) : nil
        layer1 = layer(0)
        layer2 = layer(1)
        layer3 = layer(2)
        layer4 = layer(3)
        fc = classes.map { Linear(configuration.widths[3], $0) }
        super.init(
            channels: configuration.widths, strides: [4, 8, 16, 32].map { min($0 * firstStride, outputStride) }, classes: classes)
        for case (_, let conv as Conv2d) in namedModules() { Initializer.kaimingNormal(conv.weight, fan: .out) }
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let x = stem.map { $0(image) } ?? activated(bn1!(conv1!(image)), configuration.activation)
        let levels = [layer1, layer2, layer3, layer4].map { level in { (x: Tensor) in level.reduce(x) { $1($0) } } }
        return stages(levels, F.maxPool2d(x, kernel: [3, 3], stride: [2, 2], padding: [1, 1]), taps: &taps)
    }

    public override func classify(_ x: Tensor) -> Tensor? { fc.map { $0(x.mean([2, 3])) } }
    public override var classifierTensors: [String] { ["fc.*"] }
    public override var keyMaps: [KeyMap] { maps }
}

/// In place where it is a ReLU: what comes before is a normalisation or a sum, whose gradients don't need their results.
private func activated(_ x: Tensor, _ kind: Activation.Kind) -> Tensor { kind == .relu ? F.relu_(x) : Activation(kind)(x) }

/// Two 3×3 convolutions, or a 3×3 between two 1×1 ones, beside a shortcut.
final class ResidualBlock: Module {
    let convs: [Conv2d]
    let norms: [BatchNorm2d]
    let downsample: Sequential?
    private let activation: Activation.Kind

    init(_ inChannels: Int, _ outChannels: Int, _ configuration: ResNet.Configuration, stride: Int, dilation: Int) {
        let width = configuration.hasBottlenecks ? outChannels / 4 : outChannels
        func spatial(_ inChannels: Int, _ stride: Int, _ dilation: Int) -> Conv2d {
            Conv2d(inChannels, width, kernel: 3, stride: stride, padding: dilation, dilation: dilation, bias: false)
        }
        if configuration.hasBottlenecks {
            let (first, second) = configuration.stridesFirst ? (stride, 1) : (1, stride)
            convs = [
                Conv2d(inChannels, width, kernel: 1, stride: first, bias: false), spatial(width, second, dilation),
                Conv2d(width, outChannels, kernel: 1, bias: false),
            ]
        } else {
            convs = [spatial(inChannels, stride, dilation), spatial(width, 1, configuration.dilatesTwice ? dilation : 1)]
        }
        norms = convs.map { BatchNorm2d($0.weight.size(0)) }
        activation = configuration.activation
        let isProjected = stride != 1 || inChannels != outChannels
        downsample = isProjected ? Self.shortcut(inChannels, outChannels, stride, averages: configuration.averagesShortcuts) : nil
    }

    /// The layers' names are their places in the originals' sequences, where averaging is the first.
    private static func shortcut(_ inChannels: Int, _ outChannels: Int, _ stride: Int, averages: Bool) -> Sequential {
        let conv = Conv2d(inChannels, outChannels, kernel: 1, stride: averages ? 1 : stride, bias: false)
        let norm = BatchNorm2d(outChannels)
        guard averages else { return Sequential(conv, norm) }
        let pool: [(String, any Layer)] =
            stride == 1 ? [] : [("0", AvgPool2d(kernel: stride, ceilMode: true, countIncludePad: false))]
        return Sequential(named: pool + [("1", conv), ("2", norm)])
    }

    override var members: [(key: String, member: Member)] {
        let layers = zip(convs, norms).enumerated().flatMap { index, pair in
            [("conv\(index + 1)", Member.module(pair.0)), ("bn\(index + 1)", Member.module(pair.1))]
        }
        return layers + (downsample.map { [("downsample", .module($0))] } ?? [])
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        var out = x
        for index in convs.indices {
            out = norms[index](convs[index](out))
            if index < convs.count - 1 { out = F.relu_(out) }
        }
        return activated(out.add_(downsample.map { $0(x) } ?? x), activation)
    }
}
