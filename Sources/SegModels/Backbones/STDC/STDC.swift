import Torch
import TorchNN

/// STDC1 and STDC2 (Fan et al., CVPR 2021, "Rethinking BiSeNet"), with mmsegmentation's names: units whose convolutions grow narrower one
/// after the other, and whose result is all of them side by side.
public final class STDC: Backbone {
    /// How many units the levels at strides 8, 16 and 32 have.
    static let depths = [1: [2, 2, 2], 2: [4, 5, 3]]
    private static let widths = [256, 512, 1024]

    let first: STDCConv
    let second: STDCConv
    let levels: [[STDCUnit]]

    /// - Parameter number: 1 or 2.
    public init(_ number: Int) {
        first = STDCConv(3, 32, kernel: 3, stride: 2)
        second = STDCConv(32, 64, kernel: 3, stride: 2)
        levels = zip(Self.depths[number]!, Self.widths).enumerated().map { level, shape in
            (0..<shape.0).map { STDCUnit($0 > 0 ? shape.1 : level == 0 ? 64 : Self.widths[level - 1], shape.1, halves: $0 == 0) }
        }
        super.init(channels: [64] + Self.widths)
        for case (_, let conv as Conv2d) in namedModules() { Initializer.kaimingNormal(conv.weight, fan: .out) }
    }

    public override var members: [(key: String, member: Member)] {
        let stem = [first, second].enumerated().map { ("stages.\($0)", Member.module($1)) }
        let units = levels.enumerated().flatMap { level, units in
            units.enumerated().map { ("stages.\(level + 2).\($0)", Member.module($1)) }
        }
        return stem + units
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let units = levels.map { units in { (x: Tensor) in units.reduce(x) { $1($0) } } }
        return stages([{ [second] x in second(x) }] + units, first(image), taps: &taps)
    }

    public override var keyMaps: [KeyMap] {
        [
            KeyMap(
                "mmsegmentation's STDC", .mmseg, recognizedBy: ["stages.2.0.layers.0.conv.weight"], rules: [.drop("final_conv.*")],
                isBackbone: true),
            official,
        ]
    }

    /// The authors number all units in a row; their classifier is left out.
    private var official: KeyMap {
        let units = levels.enumerated().flatMap { level, units in units.indices.map { "stages.\(level + 2).\($0)" } }
        let places = (["stages.0", "stages.1"] + units).enumerated()
        return KeyMap(
            "STDC's authors", .official, recognizedBy: ["features.2.conv_list.0.conv.weight"],
            rules: places.flatMap { number, ours -> [KeyMap.Rule] in
                let theirs = "features.\(number)"
                return [
                    .rename("\(theirs).conv_list.*", to: "\(ours).layers.*"),
                    .rename("\(theirs).avd_layer.0.*", to: "\(ours).downsample.conv.*"),
                    .rename("\(theirs).avd_layer.1.*", to: "\(ours).downsample.bn.*"), .rename("\(theirs).*", to: "\(ours).*"),
                ]
            } + ["conv_last.*", "fc.*", "bn.*", "linear.*"].map { .drop($0) }, isBackbone: true)
    }
}

/// Four convolutions, each reading the one before, to a half, a quarter, an eighth and an eighth of the channels. Where the unit halves the
/// map, the first result is averaged, and goes on through a strided convolution of each channel.
final class STDCUnit: Module {
    let layers: [STDCConv]
    let downsample: Downsample?

    /// The strided convolution of each channel, without ReLU.
    final class Downsample: Module, Layer {
        let conv: DepthwiseConv
        let bn: BatchNorm2d

        init(_ channels: Int) {
            conv = DepthwiseConv(channels, stride: 2)
            bn = BatchNorm2d(channels)
        }

        func callAsFunction(_ x: Tensor) -> Tensor { bn(conv(x)) }
    }

    init(_ inChannels: Int, _ outChannels: Int, halves: Bool) {
        layers =
            [STDCConv(inChannels, outChannels / 2, kernel: 1)]
            + [(2, 4), (4, 8), (8, 8)].map { STDCConv(outChannels / $0, outChannels / $1, kernel: 3) }
        downsample = halves ? Downsample(outChannels / 2) : nil
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        var outputs = [layers[0](x)]
        var last = downsample.map { $0(outputs[0]) } ?? outputs[0]
        if downsample != nil { outputs[0] = F.avgPool2d(outputs[0], kernel: [3, 3], stride: [2, 2], padding: [1, 1]) }
        for layer in layers.dropFirst() {
            last = layer(last)
            outputs.append(last)
        }
        return Tensor.concatenate(outputs, 1)
    }
}

/// A convolution, normalisation and ReLU, under the names `conv` and `bn`.
final class STDCConv: Module, Layer {
    let conv: Conv2d
    let bn: BatchNorm2d

    init(_ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1) {
        conv = Conv2d(inChannels, outChannels, kernel: kernel, stride: stride, padding: kernel / 2, bias: false)
        bn = BatchNorm2d(outChannels)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { F.relu_(bn(conv(x))) }
}

extension BackboneKind {
    static let stdcs = STDC.depths.keys.sorted().map { number in
        BackboneKind(
            "stdc\(number)", license: "MIT", source: "Fan et al. 2021, Meituan", classifies: false
        ) { _ in STDC(number) }
    }
}
