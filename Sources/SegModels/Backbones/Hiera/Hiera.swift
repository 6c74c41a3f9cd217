import Torch
import TorchNN

/// Hiera (Ryali et al. 2023), a hierarchical vision transformer without convolutions after its first: attention inside mask units in
/// its early stages, over the whole image in the late ones, and pooling by the largest between stages.
///
/// Images of any size are taken: they are padded with zeros, below and on the right, to whole mask units (32 pixels as published), the
/// maps are cut back, and positions learned at another size are interpolated (bicubic). Module names are timm's, the authors'
/// but for the head.
public final class Hiera: Backbone {
    /// What the network's shapes follow from. Pairs are [vertical, horizontal].
    public struct Configuration: Sendable, Equatable {
        public var widths = [96, 192, 384, 768]
        public var depths = [2, 3, 16, 3]
        public var heads = [1, 2, 4, 8]
        /// Of the images that the positions are for.
        public var imageSize = [224, 224]
        public var kernel = [7, 7]
        public var stride = [4, 4]
        public var padding = [3, 3]
        /// Of a mask unit, in tokens.
        public var unit = [8, 8]
        public var poolStride = [2, 2]
        /// How many of the changes of stage pool.
        public var poolings = 3
        /// For each stage, whether tokens look only at those of their own unit.
        public var staysInUnits = [true, true, false, false]
        /// Of the MLP's width.
        public var ratio = 4.0
        public var activation = Activation.Kind.gelu
        public var eps = 1e-6
        public var dropPath = 0.0
        public var layerScale: Double?
        public var projects = true
        /// The size of a coarse table of positions to which one for the places in a unit is added (Bolya et al. 2023); nil: one table.
        public var coarsePositions: [Int]?
        /// Stages (1 to 4) whose maps are normalised, as in transformers' `HieraBackbone`, which also leaves tokens in the
        /// image's order; nil: maps are as the blocks leave them.
        public var normalizedStages: [Int]?
        public var hasHead = false

        public init() {}

        /// The authors' sizes: widths and heads double from stage to stage.
        public init(width: Int, heads: Int, depths: [Int]) {
            widths = (0..<4).map { width << $0 }
            self.heads = (0..<4).map { heads << $0 }
            self.depths = depths
        }

        /// The sides that whole units and whole pooling windows make.
        var sizeMultiples: [Int] {
            (0..<2).map { side in
                let window = (1..<widths.count).reduce(1) { product, _ in product * poolStride[side] }
                return stride[side] * leastCommonMultiple(unit[side], window)
            }
        }
    }

    let patchEmbed: PatchProjection
    private(set) var posEmbed: Tensor
    let posEmbedWin: Tensor?
    let blocks: [HieraBlock]
    let hiddenStatesNorms: [String: LayerNorm]
    let head: HieraHead?

    public let configuration: Configuration
    private let stageEnds: [Int]
    /// Rows and columns of tokens that the positions are for.
    private var positionGrid: [Int]
    private var lastOrder: (order: UnitOrder, device: Device)?

    public init(_ configuration: Configuration, classes: Int? = nil) {
        let shape = configuration
        self.configuration = shape
        patchEmbed = PatchProjection(shape.widths[0], kernel: shape.kernel, stride: shape.stride, padding: shape.padding)
        positionGrid = (0..<2).map { shape.imageSize[$0] / shape.stride[$0] }
        let table = shape.coarsePositions.map { [1, shape.widths[0]] + $0 } ?? [1, positionGrid[0] * positionGrid[1], shape.widths[0]]
        posEmbed = Tensor.empty(table)
        posEmbedWin = shape.coarsePositions == nil ? nil : Tensor.empty([1, shape.widths[0]] + shape.unit)
        blocks = Self.blocks(shape)
        let normalized = shape.normalizedStages ?? []
        hiddenStatesNorms = Dictionary(uniqueKeysWithValues: normalized.map { ("stage\($0)", LayerNorm(shape.widths[$0 - 1])) })
        head = classes != nil || shape.hasHead ? HieraHead(shape.widths[3], classes: classes, eps: shape.eps) : nil
        stageEnds = shape.depths.indices.map { shape.depths[...$0].reduce(0, +) - 1 }
        let strides = (0..<4).map { stage in
            (0..<min(stage, shape.poolings)).reduce(shape.stride[0]) { stride, _ in stride * shape.poolStride[0] }
        }
        super.init(channels: shape.widths, strides: strides, classes: classes)
        for table in [posEmbed, posEmbedWin].compactMap(\.self) {
            Initializer.truncatedNormal(table)
            table.requiresGrad = true
        }
    }

    private static func blocks(_ shape: Configuration) -> [HieraBlock] {
        let (area, pool) = (shape.unit[0] * shape.unit[1], shape.poolStride[0] * shape.poolStride[1])
        let rates = DropPath.rates(upTo: shape.dropPath, count: shape.depths.reduce(0, +))
        var (blocks, window, width): ([HieraBlock], Int, Int) = ([], area, shape.widths[0])
        for stage in shape.depths.indices {
            if stage > 0 { window /= pool }
            for index in 0..<shape.depths[stage] {
                let pooling = index == 0 && stage > 0 && stage <= shape.poolings ? pool : 1
                // A change of stage still looks where the stage before it looked.
                let inUnit = shape.staysInUnits[stage] || index == 0 && stage > 0 && shape.staysInUnits[stage - 1]
                var options = HieraBlock.Options(heads: shape.heads[stage])
                (options.ratio, options.activation, options.eps) = (shape.ratio, shape.activation, shape.eps)
                (options.layerScale, options.projects) = (shape.layerScale, shape.projects)
                options.dropPath = rates[blocks.count]
                let layout = HieraLayout.units(pool: pooling, window: inUnit ? window * pooling : nil)
                blocks.append(HieraBlock(width, shape.widths[stage], layout, options))
                width = shape.widths[stage]
            }
        }
        return blocks
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let grid = patchEmbed(image.padded(toMultiples: configuration.sizeMultiples))
        let order = order(grid.size(1), grid.size(2), grid.device)
        var x = order.roll(grid.addResidual(positions(grid.size(1), grid.size(2))))
        var maps: [Tensor] = []
        for (index, block) in blocks.enumerated() {
            x = block(x)
            guard index == stageEnds[maps.count] else { continue }
            let name = "stage\(maps.count + 1)"
            maps.append(map(x, order, maps.count, image))
            taps.record(name, maps[maps.count - 1])
            if taps.isComplete { break }
        }
        return maps
    }

    /// A stage's tokens as B×C×h×w, without what padding added.
    private func map(_ x: Tensor, _ order: UnitOrder, _ stage: Int, _ image: Tensor) -> Tensor {
        let normal = hiddenStatesNorms["stage\(stage + 1)"].map { $0(x) } ?? x
        let map = order.unroll(normal, stage: stage)
        let shape = configuration
        let size = (0..<2).map { side in
            let factor = (0..<min(stage, shape.poolings)).reduce(shape.stride[side]) { stride, _ in stride * shape.poolStride[side] }
            return (image.size(2 + side) + factor - 1) / factor
        }
        return size == [map.size(2), map.size(3)] ? map : map[.all, .all, 0..<size[0], 0..<size[1]]
    }

    private func order(_ height: Int, _ width: Int, _ device: Device) -> UnitOrder {
        if let last = lastOrder, last.device == device, last.order.height == height, last.order.width == width { return last.order }
        let shape = configuration
        let order = UnitOrder(
            height: height, width: width, strides: shape.poolStride, stages: 4, poolings: shape.poolings,
            unit: shape.unit[0] * shape.unit[1],
            unrolls: shape.normalizedStages == nil, device: device)
        lastOrder = (order, device)
        return order
    }

    /// 1×h×w×C.
    private func positions(_ height: Int, _ width: Int) -> Tensor {
        if let window = posEmbedWin {
            let coarse = F.bicubicAntialiased(posEmbed, [height, width])
            let units = [height / window.size(2), width / window.size(3)]
            return (coarse + window.repeated([1, 1] + units)).permute(0, 2, 3, 1)
        }
        let table = posEmbed.view(1, positionGrid[0], positionGrid[1], posEmbed.size(2))
        guard positionGrid != [height, width] else { return table }
        return F.bicubic(table.permute(0, 3, 1, 2), [height, width]).permute(0, 2, 3, 1)
    }

    public override func classify(_ x: Tensor) -> Tensor? { head.flatMap { $0(x) } }
    public override var classifierTensors: [String] { ["head.*"] }
    public override var keyMaps: [KeyMap] { fileMaps }

    /// Takes positions for square images of another size.
    public override func adapt(to shapes: [String: [Int]]) {
        guard posEmbedWin == nil, let shape = shapes["pos_embed"], shape.count == 3, shape[1] != posEmbed.size(1) else { return }
        let side = Int(Double(shape[1]).squareRoot())
        guard side * side == shape[1], shape[2] == posEmbed.size(2) else { return }
        posEmbed = posEmbed.resized(to: shape)
        positionGrid = [side, side]
    }
}

private func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    return a / x * b
}
