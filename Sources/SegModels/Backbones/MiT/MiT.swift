import Torch
import TorchNN

/// The Mix Transformer, SegFormer's encoder (Xie et al., NeurIPS 2021): overlapping patches, attention whose keys and values come from a
/// smaller map, and a 3×3 depth-wise convolution inside the MLP in place of positions.
///
/// `stage1` … `stage4` are the maps after each stage's own norm. Module names are the authors'.
public final class MiT: Backbone {
    /// What the network's shapes follow from; a value for each stage.
    public struct Configuration: Sendable, Equatable {
        public var widths = [32, 64, 160, 256]
        public var depths = [2, 2, 2, 2]
        public var heads = [1, 2, 5, 8]
        /// Of the MLPs' widths.
        public var ratios = [4, 4, 4, 4]
        /// Sides of the squares of the map that make one key and one value.
        public var reductions = [8, 4, 2, 1]
        /// Sides of the overlapping patches, and the distances between them.
        public var patches = [7, 3, 3, 3]
        public var strides = [4, 2, 2, 2]
        public var activation = Activation.Kind.gelu
        /// Of the norms in blocks and after stages.
        public var eps = 1e-6
        /// Of the norms of patches and of reduced maps.
        public var innerEps = 1e-5
        public var dropPath = 0.1
        public var dropout = 0.0
        public var attentionDropout = 0.0

        public init() {}

        /// The authors' sizes.
        public init(width: Int, depths: [Int]) {
            widths = width == 32 ? [32, 64, 160, 256] : [64, 128, 320, 512]
            self.depths = depths
        }
    }

    let stageList: [MiTStage]
    let head: Linear?
    public let configuration: Configuration

    public init(_ configuration: Configuration, classes: Int? = nil) {
        let shape = configuration
        self.configuration = shape
        let total = shape.depths.reduce(0, +)
        stageList = (0..<4).map { index in
            let before = shape.depths[..<index].reduce(0, +)
            return MiTStage(
                shape, index, dropPath: (0..<shape.depths[index]).map { shape.dropPath * Double(before + $0) / Double(max(1, total - 1)) })
        }
        head = classes.map { Linear(shape.widths[3], $0) }
        let strides = shape.strides.indices.map { shape.strides[...$0].reduce(1, *) }
        super.init(channels: shape.widths, strides: strides, classes: classes)
        for (_, module) in namedModules() {
            if let linear = module as? Linear {
                Initializer.truncatedNormal(linear.weight, std: 0.02)
                if let bias = linear.bias { Initializer.constant(bias, 0) }
            } else if let conv = module as? Conv2d {
                // The authors count what goes out, once for each group.
                let fan = conv.weight.size(0) * conv.weight.size(2) * conv.weight.size(3) / conv.groups
                Initializer.normal(conv.weight, std: (2 / Double(fan)).squareRoot())
                if let bias = conv.bias { Initializer.constant(bias, 0) }
            }
        }
    }

    public override var members: [(key: String, member: Member)] {
        let stages: [(String, Member)] = stageList.enumerated().flatMap { index, stage -> [(String, Member)] in
            let blocks = stage.blocks.enumerated().map { ("block\(index + 1).\($0)", Member.module($1)) }
            return [("patch_embed\(index + 1)", .module(stage.patchEmbed))] + blocks + [("norm\(index + 1)", .module(stage.norm))]
        }
        return stages + (head.map { [("head", .module($0))] } ?? [])
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        stages(stageList.map { stage in { (x: Tensor) in stage(x) } }, image, taps: &taps)
    }

    public override func classify(_ x: Tensor) -> Tensor? { head.map { $0(x.mean([2, 3])) } }
    public override var keyMaps: [KeyMap] { maps }
    public override var classifierTensors: [String] { ["head.*"] }
}

/// Patches, blocks, and the norm of what they leave.
final class MiTStage {
    let patchEmbed: OverlappingPatches
    let blocks: [MiTBlock]
    let norm: LayerNorm

    init(_ shape: MiT.Configuration, _ index: Int, dropPath: [Double]) {
        patchEmbed = OverlappingPatches(
            index == 0 ? 3 : shape.widths[index - 1], shape.widths[index], size: shape.patches[index], stride: shape.strides[index],
            eps: shape.innerEps)
        blocks = dropPath.map { MiTBlock(shape, index, dropPath: $0) }
        norm = LayerNorm(shape.widths[index], eps: shape.eps)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { norm(blocks.reduce(patchEmbed(x)) { $1($0) }).permute(0, 3, 1, 2) }
}

/// A strided convolution whose windows overlap, and a norm.
final class OverlappingPatches: Module {
    let proj: Conv2d
    let norm: LayerNorm

    init(_ inChannels: Int, _ outChannels: Int, size: Int, stride: Int, eps: Double) {
        proj = Conv2d(inChannels, outChannels, kernel: size, stride: stride, padding: size / 2)
        norm = LayerNorm(outChannels, eps: eps)
    }

    /// B×in×H×W to B×h×w×out.
    func callAsFunction(_ x: Tensor) -> Tensor { norm(proj(x).permute(0, 2, 3, 1)) }
}

/// Attention and an MLP with a convolution, each behind a norm and beside a shortcut.
final class MiTBlock: Module {
    let norm1: LayerNorm
    let attn: ReducedAttention
    let norm2: LayerNorm
    let mlp: MixMlp
    private let dropPath: DropPath

    init(_ shape: MiT.Configuration, _ stage: Int, dropPath: Double) {
        let width = shape.widths[stage]
        norm1 = LayerNorm(width, eps: shape.eps)
        attn = ReducedAttention(
            width, heads: shape.heads[stage], reduction: shape.reductions[stage], eps: shape.innerEps, dropout: shape.dropout,
            attentionDropout: shape.attentionDropout)
        norm2 = LayerNorm(width, eps: shape.eps)
        mlp = MixMlp(width, hidden: width * shape.ratios[stage], activation: shape.activation, dropout: shape.dropout)
        self.dropPath = DropPath(dropPath)
    }

    func callAsFunction(_ x_BHWC: Tensor) -> Tensor {
        let x = x_BHWC + dropPath(attn(norm1(x_BHWC)))
        let branch = dropPath(mlp(norm2(x)))
        // Nobody else holds the sum above, unless a gradient is to be computed.
        return isRecordingGradients ? x + branch : x.add_(branch)
    }
}

/// Attention of every place to the map reduced by a strided convolution (Wang et al., ICCV 2021).
final class ReducedAttention: Module {
    let q: Linear
    let kv: Linear
    let proj: Linear
    let sr: Conv2d?
    let norm: LayerNorm?
    private let heads: Int
    private let dropout: Dropout
    private let attentionDropout: Double

    init(_ width: Int, heads: Int, reduction: Int, eps: Double, dropout: Double, attentionDropout: Double) {
        q = Linear(width, width)
        kv = Linear(width, 2 * width)
        proj = Linear(width, width)
        sr = reduction > 1 ? Conv2d(width, width, kernel: reduction, stride: reduction) : nil
        norm = reduction > 1 ? LayerNorm(width, eps: eps) : nil
        self.heads = heads
        self.dropout = Dropout(dropout)
        self.attentionDropout = attentionDropout
    }

    func callAsFunction(_ x_BHWC: Tensor) -> Tensor {
        let (batch, width) = (x_BHWC.size(0), x_BHWC.size(3))
        var reduced = x_BHWC
        if let sr, let norm { reduced = norm(sr(x_BHWC.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)) }
        let queries = q(x_BHWC).view(batch, -1, heads, width / heads).transpose(1, 2)
        let pairs = kv(reduced).view(batch, -1, 2, heads, width / heads).permute(2, 0, 3, 1, 4)
        let y = F.attention(queries, pairs[0], pairs[1], dropout: isTraining ? attentionDropout : 0)
        return dropout(proj(y.transpose(1, 2).reshape(x_BHWC.shape)))
    }
}

/// Two linear layers with a 3×3 depth-wise convolution between them, from which places know where they are.
final class MixMlp: Module {
    private final class Depthwise: Module {
        let dwconv: Conv2d
        init(_ width: Int) { dwconv = Conv2d(width, width, kernel: 3, padding: 1, groups: width) }
    }

    let fc1: Linear
    private let dwconv: Depthwise
    let fc2: Linear
    private let activation: Activation
    private let dropout: Dropout

    init(_ width: Int, hidden: Int, activation: Activation.Kind, dropout: Double) {
        fc1 = Linear(width, hidden)
        dwconv = Depthwise(hidden)
        fc2 = Linear(hidden, width)
        self.activation = Activation(activation)
        self.dropout = Dropout(dropout)
    }

    func callAsFunction(_ x_BHWC: Tensor) -> Tensor {
        // A view of channels-last memory: nothing is moved.
        let hidden = dwconv.dwconv(fc1(x_BHWC).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return dropout(fc2(dropout(activation(hidden))))
    }
}
