import Torch
import TorchNN

/// ConvNeXt (Liu et al., CVPR 2022) and ConvNeXt V2 (Woo et al., CVPR 2023): depth-wise 7×7 convolutions and MLPs over channels.
///
/// `stage1` … `stage4` are what the blocks of a stage leave. Module names are the authors'. Maps are channels last throughout, so
/// norms and MLPs see the channels of a pixel side by side without moving anything.
public final class ConvNeXt: Backbone {
    /// What the network's shapes follow from.
    public struct Configuration: Sendable, Equatable {
        public var widths = [96, 192, 384, 768]
        public var depths = [3, 3, 9, 3]
        public var patchSize = 4
        public var activation = Activation.Kind.gelu
        /// What each channel of a branch is multiplied with at first; nil: nothing is multiplied.
        public var layerScale: Double? = 1e-6
        /// V2's normalisation of channels by their responses to the whole image.
        public var normalizesResponses = false
        /// Of the norm before the classifier; all others have 1e-6.
        public var eps = 1e-6
        public var dropPath = 0.0
        /// The stages (1 to 4) whose maps get a norm of their own, as dense heads want them. A file that is loaded decides anew.
        public var normalizedStages: Set<Int> = []

        public init() {}

        /// The authors' sizes.
        public init(width: Int, depths: [Int], isV2: Bool = false, dropPath: Double = 0) {
            widths = (0..<4).map { width << $0 }
            self.depths = depths
            self.dropPath = dropPath
            if isV2 { (layerScale, normalizesResponses) = (nil, true) }
        }
    }

    let downsampleLayers: [ConvNeXtDownsampling]
    let stageList: [[ConvNeXtBlock]]
    private(set) var outputNorms: [String: LayerNorm]
    let norm: LayerNorm?
    let head: Linear?
    public private(set) var configuration: Configuration

    public init(_ configuration: Configuration, classes: Int? = nil) {
        let shape = configuration
        self.configuration = shape
        let total = shape.depths.reduce(0, +)
        downsampleLayers = (0..<4).map { index in
            index == 0
                ? ConvNeXtDownsampling(3, shape.widths[0], side: shape.patchSize, isStem: true)
                : ConvNeXtDownsampling(shape.widths[index - 1], shape.widths[index], side: 2, isStem: false)
        }
        stageList = (0..<4).map { index in
            let before = shape.depths[..<index].reduce(0, +)
            return (0..<shape.depths[index]).map {
                ConvNeXtBlock(shape, shape.widths[index], dropPath: shape.dropPath * Double(before + $0) / Double(max(1, total - 1)))
            }
        }
        outputNorms = Self.norms(shape)
        norm = classes.map { _ in LayerNorm(shape.widths[3], eps: shape.eps) }
        head = classes.map { Linear(shape.widths[3], $0) }
        super.init(channels: shape.widths, strides: (0..<4).map { shape.patchSize << $0 }, classes: classes)
        for (_, module) in namedModules() {
            let (weight, bias) = (
                (module as? Linear)?.weight ?? (module as? Conv2d)?.weight, (module as? Linear)?.bias ?? (module as? Conv2d)?.bias
            )
            if let weight { Initializer.truncatedNormal(weight, std: 0.02) }
            if let bias { Initializer.constant(bias, 0) }
        }
    }

    private static func norms(_ shape: Configuration) -> [String: LayerNorm] {
        Dictionary(uniqueKeysWithValues: shape.normalizedStages.map { ("norm\($0 - 1)", LayerNorm(shape.widths[$0 - 1], eps: 1e-6)) })
    }

    public override var members: [(key: String, member: Member)] {
        let downsampling = downsampleLayers.enumerated().map { ("downsample_layers.\($0)", Member.module($1)) }
        let blocks = stageList.enumerated().flatMap { stage, blocks in
            blocks.enumerated().map { ("stages.\(stage).\($0)", Member.module($1)) }
        }
        let norms = outputNorms.sorted { $0.key < $1.key }.map { ($0, Member.module($1)) }
        let classifier = (norm.map { [("norm", Member.module($0))] } ?? []) + (head.map { [("head", .module($0))] } ?? [])
        return downsampling + blocks + norms + classifier
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        var x = image
        var maps: [Tensor] = []
        for index in 0..<4 where !taps.isComplete {
            let x_BHWC = stageList[index].reduce(downsampleLayers[index](x)) { $1($0) }
            x = x_BHWC.permute(0, 3, 1, 2)
            let map = outputNorms["norm\(index)"].map { $0(x_BHWC).permute(0, 3, 1, 2) } ?? x
            taps.record("stage\(index + 1)", map)
            // The classifier has a norm of its own.
            maps.append(index == 3 && head != nil ? x : map)
        }
        return maps
    }

    public override func classify(_ x: Tensor) -> Tensor? {
        guard let norm, let head else { return nil }
        return head(norm(x.mean([2, 3])))
    }

    public override var keyMaps: [KeyMap] { maps }
    public override var classifierTensors: [String] { ["norm.*", "head.*"] }

    /// A file's norms of stages become the network's.
    public override func adapt(to shapes: [String: [Int]]) {
        let normalized = Set((1...4).filter { shapes["norm\($0 - 1).weight"] != nil })
        guard normalized != configuration.normalizedStages else { return }
        configuration.normalizedStages = normalized
        outputNorms = Self.norms(configuration)
    }
}

/// Squares of pixels to one, and a norm: after the convolution at the image, before it between stages.
final class ConvNeXtDownsampling: Module {
    private let norm: LayerNorm
    private let conv: Conv2d
    private let isStem: Bool

    init(_ inChannels: Int, _ outChannels: Int, side: Int, isStem: Bool) {
        norm = LayerNorm(isStem ? outChannels : inChannels, eps: 1e-6)
        conv = Conv2d(inChannels, outChannels, kernel: side, stride: side)
        self.isStem = isStem
    }

    override var members: [(key: String, member: Member)] {
        [(isStem ? "1" : "0", .module(norm)), (isStem ? "0" : "1", .module(conv))]
    }

    /// B×in×H×W to B×h×w×out.
    func callAsFunction(_ x: Tensor) -> Tensor {
        if isStem { return norm(conv(x).permute(0, 2, 3, 1)) }
        return conv(norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    }
}

/// A depth-wise convolution, a norm and an MLP over the channels of each pixel, beside a shortcut.
final class ConvNeXtBlock: Module {
    private static let addcmul = Operator("aten::addcmul")

    let dwconv: Conv2d
    let norm: LayerNorm
    let pwconv1: Linear
    let grn: GlobalResponseNorm?
    let pwconv2: Linear
    let gamma: Tensor?
    private let activation: Activation
    private let dropPath: DropPath

    init(_ shape: ConvNeXt.Configuration, _ width: Int, dropPath: Double) {
        dwconv = Conv2d(width, width, kernel: 7, padding: 3, groups: width)
        norm = LayerNorm(width, eps: 1e-6)
        pwconv1 = Linear(width, 4 * width)
        grn = shape.normalizesResponses ? GlobalResponseNorm(4 * width) : nil
        pwconv2 = Linear(4 * width, width)
        gamma = shape.layerScale.map { Tensor.full([width], $0) }
        activation = Activation(shape.activation)
        self.dropPath = DropPath(dropPath)
        super.init()
        gamma?.requiresGrad = true
    }

    func callAsFunction(_ x_BHWC: Tensor) -> Tensor {
        var y = norm(dwconv(x_BHWC.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        y = activation(pwconv1(y))
        if let grn { y = grn(y) }
        y = dropPath(pwconv2(y))
        guard let gamma else { return x_BHWC + y }
        return Self.addcmul(x_BHWC, y, gamma)
    }
}

/// Each channel weighted by its share of all channels' responses to the image (Woo et al. 2023, section 3.3).
final class GlobalResponseNorm: Module {
    private static let addcmul = Operator("aten::addcmul")

    let gamma: Tensor
    let beta: Tensor

    init(_ width: Int) {
        gamma = Tensor.zeros([1, 1, 1, width])
        beta = Tensor.zeros([1, 1, 1, width])
        super.init()
        markTrainable()
    }

    func callAsFunction(_ x_BHWC: Tensor) -> Tensor {
        let responses = x_BHWC.norm([1, 2], keepDimensions: true)
        let shares = responses / (responses.mean([-1], keepDimensions: true) + 1e-6)
        return Self.addcmul(beta, x_BHWC, gamma * shares + 1.0)
    }
}
