import Torch
import TorchNN

/// The image encoder of SAM 2 (Ravi et al. 2024): Hiera with windows of a size for each stage, a few blocks that see the whole image, and a
/// coarse table of positions to which one for the places in a window is added (Bolya et al. 2023). Optionally with its neck, a
/// pyramid that gives the maps `fpn1` (stride 4), `fpn2`, ….
///
/// Images of any size are taken. Where the table of a window does not fit a whole number of times, it is cut. Module names are timm's.
public final class HieraDet: Backbone {
    /// What the network's shapes follow from. Pairs are [vertical, horizontal].
    public struct Configuration: Sendable, Equatable {
        public var widths = [96, 192, 384, 768]
        public var depths = [1, 2, 7, 2]
        public var heads = [1, 2, 4, 8]
        public var kernel = [7, 7]
        public var stride = [4, 4]
        public var padding = [3, 3]
        public var poolStride = [2, 2]
        /// How many of the changes of stage pool.
        public var poolings = 3
        /// The side of each stage's windows, in tokens.
        public var windows = [8, 4, 14, 7]
        /// The blocks whose attention is over the whole image.
        public var globalBlocks = [5, 7, 9]
        /// The size of the coarse table of positions.
        public var coarsePositions = [7, 7]
        public var ratio = 4.0
        public var activation = Activation.Kind.gelu
        public var eps = 1e-6
        public var layerScale: Double?
        public var neck: FeaturePyramid.Configuration?

        public init() {}

        /// The authors' sizes: widths and heads double from stage to stage.
        public init(width: Int, heads: Int, depths: [Int], globalBlocks: [Int]) {
            widths = (0..<4).map { width << $0 }
            self.heads = (0..<4).map { heads << $0 }
            self.depths = depths
            self.globalBlocks = globalBlocks
        }
    }

    let patchEmbed: PatchProjection
    let posEmbed: Tensor
    let posEmbedWindow: Tensor
    let blocks: [HieraBlock]
    let neck: FeaturePyramid?
    let head: HieraHead?

    public let configuration: Configuration
    private let stageEnds: [Int]

    public init(_ configuration: Configuration, classes: Int? = nil) {
        let shape = configuration
        self.configuration = shape
        patchEmbed = PatchProjection(shape.widths[0], kernel: shape.kernel, stride: shape.stride, padding: shape.padding)
        posEmbed = Tensor.empty([1, shape.widths[0]] + shape.coarsePositions)
        posEmbedWindow = Tensor.empty([1, shape.widths[0], shape.windows[0], shape.windows[0]])
        blocks = Self.blocks(shape)
        neck = shape.neck.map { FeaturePyramid(shape.widths, $0) }
        head = classes.map { HieraHead(shape.widths[3], classes: $0, eps: shape.eps) }
        stageEnds = shape.depths.indices.map { shape.depths[...$0].reduce(0, +) - 1 }
        let strides = (0..<4).map { stage in
            (0..<min(stage, shape.poolings)).reduce(shape.stride[0]) { stride, _ in stride * shape.poolStride[0] }
        }
        var taps = (0..<4).map { (name: "stage\($0 + 1)", channels: shape.widths[$0], stride: strides[$0]) }
        if let neck = shape.neck { taps += (0..<neck.levels).map { (name: "fpn\($0 + 1)", channels: neck.width, stride: strides[$0]) } }
        if let classes { taps.append((name: "logits", channels: classes, stride: 0)) }
        super.init(channels: shape.widths, strides: strides, classes: classes, taps: taps)
        for table in [posEmbed, posEmbedWindow] {
            Initializer.truncatedNormal(table)
            table.requiresGrad = true
        }
    }

    private static func blocks(_ shape: Configuration) -> [HieraBlock] {
        var (blocks, width): ([HieraBlock], Int) = ([], shape.widths[0])
        for stage in shape.depths.indices {
            for index in 0..<shape.depths[stage] {
                // A change of stage still has the windows of the stage before it.
                let changes = index == 0 && stage > 0
                let window = shape.globalBlocks.contains(blocks.count) ? 0 : shape.windows[changes ? stage - 1 : stage]
                var options = HieraBlock.Options(heads: shape.heads[stage])
                (options.ratio, options.activation, options.eps) = (shape.ratio, shape.activation, shape.eps)
                options.layerScale = shape.layerScale
                let layout = HieraLayout.grid(pool: changes && stage <= shape.poolings ? shape.poolStride : nil, window: window)
                blocks.append(HieraBlock(width, shape.widths[stage], layout, options))
                width = shape.widths[stage]
            }
        }
        return blocks
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        var x = patchEmbed(image)
        x = x.addResidual(positions(x.size(1), x.size(2)))
        var maps: [Tensor] = []
        for (index, block) in blocks.enumerated() {
            x = block(x)
            guard index == stageEnds[maps.count] else { continue }
            maps.append(x.permute(0, 3, 1, 2))
            taps.record("stage\(maps.count)", maps[maps.count - 1])
            if taps.isComplete { return maps }
        }
        if let neck, !taps.requested.isDisjoint(with: neck.taps) {
            for (name, map) in zip(neck.taps, neck(maps)) { taps.record(name, map) }
        }
        return maps
    }

    /// 1×h×w×C.
    private func positions(_ height: Int, _ width: Int) -> Tensor {
        let side = posEmbedWindow.size(2)
        let tiled = posEmbedWindow.repeated([1, 1, (height + side - 1) / side, (width + side - 1) / side])
        let window = tiled[.all, .all, 0..<height, 0..<width]
        return (F.bicubic(posEmbed, [height, width]) + window).permute(0, 2, 3, 1)
    }

    public override func classify(_ x: Tensor) -> Tensor? { head.flatMap { $0(x) } }
    public override var classifierTensors: [String] { ["head.*"] }
    public override var keyMaps: [KeyMap] { fileMaps }
}

/// The neck of SAM 2's encoder: a convolution for each stage, and from the deepest up, at some levels, the map below enlarged and added.
public final class FeaturePyramid: Module {
    /// What the neck's shapes follow from.
    public struct Configuration: Sendable, Equatable {
        public var width = 256
        public var kernel = 1
        public var stride = 1
        public var padding = 0
        /// The levels (0 is the first stage) to which the map below is added.
        public var topDown = [2, 3]
        /// How many maps it gives, the largest ones.
        public var levels = 3

        public init() {}
    }

    /// For the deepest stage first.
    let convs: [Conv2d]
    let configuration: Configuration
    var taps: [String] { (0..<configuration.levels).map { "fpn\($0 + 1)" } }

    init(_ widths: [Int], _ configuration: Configuration) {
        self.configuration = configuration
        let shape = configuration
        convs = widths.reversed().map { Conv2d($0, shape.width, kernel: shape.kernel, stride: shape.stride, padding: shape.padding) }
    }

    /// The four maps to the pyramid's, the largest first.
    func callAsFunction(_ maps: [Tensor]) -> [Tensor] {
        var results: [Tensor] = []
        for (level, conv) in zip(maps.indices.reversed(), convs) {
            let lateral = conv(maps[level])
            guard let below = results.first, configuration.topDown.contains(level) else {
                results.insert(lateral, at: 0)
                continue
            }
            results.insert(lateral + F.nearest(below, [lateral.size(2), lateral.size(3)]), at: 0)
        }
        return Array(results.prefix(configuration.levels))
    }
}
