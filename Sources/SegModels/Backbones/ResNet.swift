import Torch
import TorchNN

/// ResNet-18, 34, 50 and 101 (He et al. 2016), with torchvision's names and strides.
///
/// Dilation follows `replace_stride_with_dilation`; torchvision has it for bottlenecks only, here the same rule holds for
/// every 3×3 convolution of a basic block.
public final class ResNet: Backbone {
    public enum Depth: Int, Sendable, CaseIterable {
        case d18 = 18
        case d34 = 34
        case d50 = 50
        case d101 = 101

        var blocks: [Int] {
            switch self {
            case .d18: [2, 2, 2, 2]
            case .d34, .d50: [3, 4, 6, 3]
            case .d101: [3, 4, 23, 3]
            }
        }
        var hasBottlenecks: Bool { rawValue >= 50 }
    }

    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layer1: [ResidualBlock]
    let layer2: [ResidualBlock]
    let layer3: [ResidualBlock]
    let layer4: [ResidualBlock]
    let fc: Linear?

    public init(_ depth: Depth, outputStride: Int = 32, classes: Int? = nil) {
        let channels = [64, 128, 256, 512].map { depth.hasBottlenecks ? $0 * 4 : $0 }
        var plan = DilationPlan(outputStride: outputStride)
        _ = plan.level(stride: 4)
        var inChannels = 64
        func layer(_ index: Int) -> [ResidualBlock] {
            let (stride, first, rest) = plan.level(stride: index == 0 ? 1 : 2)
            return (0..<depth.blocks[index]).map { block in
                defer { inChannels = channels[index] }
                return ResidualBlock(
                    inChannels, channels[index], isBottleneck: depth.hasBottlenecks, stride: block == 0 ? stride : 1,
                    dilation: block == 0 ? first : rest)
            }
        }
        conv1 = Conv2d(3, 64, kernel: 7, stride: 2, padding: 3, bias: false)
        bn1 = BatchNorm2d(64)
        layer1 = layer(0)
        layer2 = layer(1)
        layer3 = layer(2)
        layer4 = layer(3)
        fc = classes.map { Linear(channels[3], $0) }
        super.init(channels: channels, strides: Self.strides(dilatedFrom: outputStride), classes: classes)
        for case (_, let conv as Conv2d) in namedModules() { Initializer.kaimingNormal(conv.weight, fan: .out) }
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let x = F.maxPool2d(F.relu_(bn1(conv1(image))), kernel: [3, 3], stride: [2, 2], padding: [1, 1])
        let levels = [layer1, layer2, layer3, layer4].map { level in { (x: Tensor) in level.reduce(x) { $1($0) } } }
        return stages(levels, x, taps: &taps)
    }

    public override func classify(_ x: Tensor) -> Tensor? { fc.map { $0(x.mean([2, 3])) } }
    public override var classifierTensors: [String] { ["fc.*"] }
    public override var keyMaps: [KeyMap] {
        [KeyMap("torchvision's ResNet", .torchvision, recognizedBy: ["conv1.weight"], isBackbone: true)]
    }
}

/// Two 3×3 convolutions, or a 3×3 between two 1×1 ones, beside a shortcut. A bottleneck strides in its 3×3 convolution.
final class ResidualBlock: Module {
    let convs: [Conv2d]
    let norms: [BatchNorm2d]
    let downsample: Sequential?

    init(_ inChannels: Int, _ outChannels: Int, isBottleneck: Bool, stride: Int, dilation: Int) {
        let width = isBottleneck ? outChannels / 4 : outChannels
        func spatial(_ inChannels: Int, _ stride: Int) -> Conv2d {
            Conv2d(inChannels, width, kernel: 3, stride: stride, padding: dilation, dilation: dilation, bias: false)
        }
        if isBottleneck {
            convs = [
                Conv2d(inChannels, width, kernel: 1, bias: false), spatial(width, stride),
                Conv2d(width, outChannels, kernel: 1, bias: false),
            ]
        } else {
            convs = [spatial(inChannels, stride), spatial(width, 1)]
        }
        norms = convs.map { BatchNorm2d($0.weight.size(0)) }
        let isProjected = stride != 1 || inChannels != outChannels
        downsample =
            isProjected
            ? Sequential(Conv2d(inChannels, outChannels, kernel: 1, stride: stride, bias: false), BatchNorm2d(outChannels)) : nil
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
        return F.relu_(out.add_(downsample.map { $0(x) } ?? x))
    }
}

extension BackboneKind {
    static let resNets = ResNet.Depth.allCases.map { depth in
        BackboneKind(
            "resnet\(depth.rawValue)", aliases: ["torchvision:resnet\(depth.rawValue)"], license: "BSD-3-Clause",
            source: "He et al. 2016, torchvision", dilates: true
        ) { ResNet(depth, outputStride: $0.outputStride ?? 32, classes: $0.classes) }
    }
}
