import Torch
import TorchNN

/// Swin Transformer (Liu et al., ICCV 2021) and its version 2 (CVPR 2022): attention inside windows that every other block
/// shifts, and merging of 2×2 patches between stages.
///
/// The maps `stage1` … `stage4` are what the blocks of a stage leave, before patches are merged: strides 4, 8, 16 and 32. Images of
/// any size are taken: zeros complete the last patch, the last window and the last 2×2 patches. Module names are the authors'.
public final class Swin: Backbone {
    /// Which windows stay where they are in the blocks that shift them, because there is but one; implementations differ.
    public enum Shift: Sendable {
        /// None: as the authors' segmentation networks, mmsegmentation and transformers' `SwinBackbone`.
        case always
        /// All, if the smaller side of the map is no larger than a window: as the authors' classifiers and transformers' `SwinModel`.
        case unlessOneSideFits
        /// Those of a side that is no larger than a window: as torchvision and timm.
        case bySide
    }

    /// What the network's shapes follow from.
    public struct Configuration: Sendable, Equatable {
        /// Of the first stage; it doubles from stage to stage.
        public var width = 96
        public var depths = [2, 2, 6, 2]
        public var heads = [3, 6, 12, 24]
        /// The side of a window, in patches.
        public var window = 7
        public var patchSize = 4
        /// Of the MLP's width.
        public var ratio = 4.0
        public var hasQKVBias = true
        public var normalizesPatches = true
        /// Rows and columns of learned absolute positions; nil: there are none.
        public var positions: [Int]?
        public var activation = Activation.Kind.gelu
        /// Of the norms in blocks and before the classifier; all others have 1e-5.
        public var eps = 1e-5
        public var dropPath = 0.0
        public var dropout = 0.0
        public var attentionDropout = 0.0
        public var shift = Shift.unlessOneSideFits
        /// Whether maps are shifted before they are padded to whole windows, as timm does; all others pad first.
        public var shiftsBeforePadding = false
        /// Version 2: norms after attention and MLP, cosines of queries and keys, and terms for distances by an MLP.
        public var isV2 = false
        /// V2: the windows that the terms for distances were trained with, by stage; 0 or nil: those of this network.
        public var trainedWindows: [Int]?
        /// Whether a window is no larger than the map, as where its size is chosen for that of the image; else zeros fill it up. Of
        /// version 1, tables of distances for smaller windows are taken from files.
        public var shrinksWindows = false
        /// V2: the side of the first stage's map that windows were made for: no window is larger than its stage's map for it, and none of
        /// those that have its size is shifted, whatever the image. nil: it goes by the image.
        public var grid: Int?
        /// Whether zeros complete the last patch; torchvision leaves it out.
        public var padsPatches = true
        /// The stages (1 to 4) whose maps get a norm of their own, as dense heads want them. A file that is loaded decides anew.
        public var normalizedStages: Set<Int> = []

        public init() {}

        /// The authors' sizes.
        public init(width: Int, depths: [Int], heads: Int, window: Int = 7, dropPath: Double = 0) {
            self.width = width
            self.depths = depths
            self.heads = (0..<4).map { heads << $0 }
            self.window = window
            self.dropPath = dropPath
        }

        var widths: [Int] { (0..<4).map { width << $0 } }
    }

    let patchEmbed: SwinPatches
    private(set) var absolutePosEmbed: Tensor?
    let layers: [SwinStage]
    private(set) var outputNorms: [String: LayerNorm]
    let norm: LayerNorm?
    let head: Linear?
    public private(set) var configuration: Configuration
    private let geometry = WindowGeometry()
    private let dropout: Dropout

    public override class var keys: [String: String] { ["outputNorms": ""] }

    public init(_ configuration: Configuration, classes: Int? = nil) {
        let shape = configuration
        self.configuration = shape
        let total = shape.depths.reduce(0, +)
        patchEmbed = SwinPatches(shape)
        absolutePosEmbed = shape.positions.map { Tensor.zeros([1, $0[0] * $0[1], shape.width]) }
        layers = (0..<4).map { index in
            let before = shape.depths[..<index].reduce(0, +)
            let rates = (0..<shape.depths[index]).map { shape.dropPath * Double(before + $0) / Double(max(1, total - 1)) }
            return SwinStage(shape, index, dropPath: rates)
        }
        outputNorms = Self.norms(shape)
        norm = classes.map { _ in LayerNorm(shape.widths[3], eps: shape.eps) }
        head = classes.map { Linear(shape.widths[3], $0) }
        dropout = Dropout(shape.dropout)
        super.init(channels: shape.widths, strides: (0..<4).map { shape.patchSize << $0 }, classes: classes)
        for case (_, let linear as Linear) in namedModules() {
            Initializer.truncatedNormal(linear.weight, std: 0.02)
            if let bias = linear.bias { Initializer.constant(bias, 0) }
        }
        if let absolutePosEmbed { Initializer.truncatedNormal(absolutePosEmbed, std: 0.02) }
        absolutePosEmbed?.requiresGrad = true
    }

    private static func norms(_ shape: Configuration) -> [String: LayerNorm] {
        Dictionary(uniqueKeysWithValues: shape.normalizedStages.map { ("norm\($0 - 1)", LayerNorm(shape.widths[$0 - 1])) })
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        var x_BHWC = patchEmbed(image)
        if let absolutePosEmbed { x_BHWC = x_BHWC + positions(absolutePosEmbed, height: x_BHWC.size(1), width: x_BHWC.size(2)) }
        x_BHWC = dropout(x_BHWC)
        var maps: [Tensor] = []
        for (index, layer) in layers.enumerated() where !taps.isComplete {
            x_BHWC = layer(x_BHWC, geometry)
            let map = (outputNorms["norm\(index)"].map { $0(x_BHWC) } ?? x_BHWC).permute(0, 3, 1, 2)
            taps.record("stage\(index + 1)", map)
            // The classifier has a norm of its own.
            maps.append(index == 3 && head != nil ? x_BHWC.permute(0, 3, 1, 2) : map)
            if !taps.isComplete, let downsample = layer.downsample { x_BHWC = downsample(x_BHWC) }
        }
        return maps
    }

    /// Learned positions as a map, interpolated (bicubic) to another size.
    private func positions(_ table: Tensor, height: Int, width: Int) -> Tensor {
        let grid = configuration.positions!
        let map = table.reshape(1, grid[0], grid[1], table.size(2))
        if grid == [height, width] { return map }
        return F.bicubic(map.permute(0, 3, 1, 2), [height, width]).permute(0, 2, 3, 1)
    }

    public override func classify(_ x: Tensor) -> Tensor? {
        guard let norm, let head else { return nil }
        return head(norm(x.permute(0, 2, 3, 1)).mean([1, 2]))
    }

    public override var keyMaps: [KeyMap] { maps }
    public override var classifierTensors: [String] { ["norm.*", "head.*"] }

    /// A file's norms of stages and positions become the network's, and its windows where they follow the image.
    public override func adapt(to shapes: [String: [Int]]) {
        let normalized = Set((1...4).filter { shapes["norm\($0 - 1).weight"] != nil })
        if normalized != configuration.normalizedStages {
            configuration.normalizedStages = normalized
            outputNorms = Self.norms(configuration)
        }
        if let table = absolutePosEmbed, let found = shapes["absolute_pos_embed"], found.count == 3, found != table.shape {
            let side = Int(Double(found[1]).squareRoot().rounded())
            if side * side == found[1], found[2] == table.size(2) {
                configuration.positions = [side, side]
                absolutePosEmbed = Tensor.zeros(found)
                absolutePosEmbed?.requiresGrad = true
            }
        }
        for (stage, layer) in layers.enumerated() where configuration.shrinksWindows {
            for (index, block) in layer.blocks.enumerated() {
                if let found = shapes["layers.\(stage).blocks.\(index).attn.relative_position_bias_table"] {
                    (block.attn as? WindowAttention)?.adapt(to: found)
                }
            }
        }
    }
}

/// Patches to vectors, with or without a norm.
final class SwinPatches: Module {
    let proj: Conv2d
    let norm: LayerNorm?
    private let pads: Bool

    init(_ shape: Swin.Configuration) {
        pads = shape.padsPatches
        proj = Conv2d(3, shape.width, kernel: shape.patchSize, stride: shape.patchSize)
        norm = shape.normalizesPatches ? LayerNorm(shape.width) : nil
    }

    /// B×3×H×W to B×h×w×C.
    func callAsFunction(_ image: Tensor) -> Tensor {
        let side = proj.weight.size(2)
        let missing = [image.size(2), image.size(3)].map { ($0 + side - 1) / side * side - $0 }
        let whole = missing == [0, 0] || !pads ? image : image.pad([0, missing[1], 0, missing[0]])
        let x = proj(whole).permute(0, 2, 3, 1)
        return norm.map { $0(x) } ?? x.contiguous()
    }
}

/// The blocks of one resolution, and what leads to the next.
final class SwinStage: Module {
    let blocks: [SwinBlock]
    let downsample: PatchMerging?

    init(_ shape: Swin.Configuration, _ index: Int, dropPath: [Double]) {
        blocks = dropPath.enumerated().map { block, rate in
            SwinBlock(shape, index, isShifted: block % 2 == 1, dropPath: rate)
        }
        downsample = index < 3 ? PatchMerging(shape.widths[index], isV2: shape.isV2) : nil
    }

    func callAsFunction(_ x_BHWC: Tensor, _ geometry: WindowGeometry) -> Tensor { blocks.reduce(x_BHWC) { $1($0, geometry) } }
}

/// Each 2×2 patches to one of twice the width.
final class PatchMerging: Module {
    let norm: LayerNorm
    let reduction: Linear
    private let isV2: Bool

    /// - Parameter isV2: the norm comes after the reduction, not before.
    init(_ width: Int, isV2: Bool) {
        norm = LayerNorm(isV2 ? 2 * width : 4 * width)
        self.isV2 = isV2
        reduction = Linear(4 * width, 2 * width, bias: false)
    }

    /// B×h×w×C to B×⌈h/2⌉×⌈w/2⌉×2C.
    func callAsFunction(_ x_BHWC: Tensor) -> Tensor {
        let (height, width, channels) = (x_BHWC.size(1), x_BHWC.size(2), x_BHWC.size(3))
        let isEven = height % 2 == 0 && width % 2 == 0
        let x = isEven ? x_BHWC : x_BHWC.pad([0, 0, 0, width % 2, 0, height % 2])
        let (rows, columns) = ((height + 1) / 2, (width + 1) / 2)
        // The authors' order: down first, then across.
        let pairs = x.reshape(-1, rows, 2, columns, 2, channels).permute(0, 1, 3, 4, 2, 5)
        let squares = pairs.reshape(-1, rows, columns, 4 * channels)
        return isV2 ? norm(reduction(squares)) : reduction(norm(squares))
    }
}
