import Support
import Torch
import TorchNN

/// The image encoder of Segment Anything (Kirillov et al. 2023): a vision transformer with attention inside windows, in a few blocks
/// over the whole image, with relative positions, and a neck of two convolutions.
///
/// Images of any size are taken: they are padded with zeros, below and on the right, to whole patches, and positions learned at another size
/// are interpolated (bicubic with antialiasing, as timm does it; relative ones linearly). Taps: `block.<i>` B×N×C, `patches` (the
/// neck's result, B×N×256), and for methods that compare maps `stage1` … `stage4`: the blocks after each quarter of the depth, the last
/// one through the neck. Module names are timm's, which are the authors' but for the layers of the MLP.
public final class SAM: Backbone {
    /// What the network's shapes follow from.
    public struct Configuration: Sendable, Equatable {
        public var width = 768
        public var depth = 12
        public var heads = 12
        /// Of the MLP.
        public var hidden = 3072
        public var patch = 16
        /// The side of the images that the positions are for.
        public var imageSize = 1024
        /// The side of a window, in patches; 0: attention is over the whole image everywhere.
        public var window = 14
        /// The blocks whose attention is over the whole image.
        public var globalBlocks = [2, 5, 8, 11]
        /// Channels of the neck's result; nil: a normalisation takes its place.
        public var neck: Int? = 256
        public var hasPositions = true
        public var hasRelativePositions = true
        public var hasBias = true
        public var activation = Activation.Kind.gelu
        public var eps = 1e-6

        public init() {}
    }

    let patchEmbed: PatchProjection
    private(set) var posEmbed: Tensor?
    let blocks: [SAMBlock]
    let neck: SAMNeck
    let head: SAMClassifier?

    public let configuration: Configuration
    /// The blocks after which stages 1 to 3 are taken.
    private let stageEnds: [Int]

    public init(_ configuration: Configuration, classes: Int? = nil) {
        let (width, grid) = (configuration.width, configuration.imageSize / configuration.patch)
        self.configuration = configuration
        patchEmbed = PatchProjection(width, kernel: configuration.patch)
        posEmbed = configuration.hasPositions ? Tensor.zeros([1, grid, grid, width]) : nil
        blocks = (0..<configuration.depth).map { index in
            let window = configuration.globalBlocks.contains(index) ? 0 : configuration.window
            return SAMBlock(configuration, window: window, grid: window > 0 ? window : grid)
        }
        neck = SAMNeck(width, configuration.neck)
        let channels = [width, width, width, configuration.neck ?? width]
        head = classes.map { SAMClassifier(channels[3], classes: $0) }
        stageEnds = (1...3).map { max(0, configuration.depth * $0 / 4 - 1) }
        let patch = configuration.patch
        var taps = (0..<4).map { (name: "stage\($0 + 1)", channels: channels[$0], stride: patch) }
        taps += (0..<configuration.depth).map { (name: "block.\($0)", channels: width, stride: patch) }
        taps.append((name: "patches", channels: channels[3], stride: patch))
        if let classes { taps.append((name: "logits", channels: classes, stride: 0)) }
        super.init(channels: channels, strides: .init(repeating: patch, count: 4), classes: classes, taps: taps)
        posEmbed?.requiresGrad = true
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        var x = patchEmbed(image.padded(toMultiple: configuration.patch))
        if let posEmbed { x = x.addResidual(positions(posEmbed, x.size(1), x.size(2))) }
        var maps: [Tensor] = []
        for (index, block) in blocks.enumerated() {
            x = block(x)
            taps.record("block.\(index)", x.flatten(1, 2))
            for stage in stageEnds.indices where stageEnds[stage] == index {
                maps.append(x.permute(0, 3, 1, 2))
                taps.record("stage\(stage + 1)", maps[stage])
            }
            if taps.isComplete { return maps }
        }
        maps.append(neck(x.permute(0, 3, 1, 2)))
        taps.record("patches", maps[3].flatten(2).transpose(1, 2))
        taps.record("stage4", maps[3])
        return maps
    }

    private func positions(_ table: Tensor, _ height: Int, _ width: Int) -> Tensor {
        guard table.size(1) != height || table.size(2) != width else { return table }
        return F.bicubicAntialiased(table.permute(0, 3, 1, 2), [height, width]).permute(0, 2, 3, 1)
    }

    public override func classify(_ x: Tensor) -> Tensor? { head.map { $0(x) } }
    public override var classifierTensors: [String] { ["head.*"] }
    public override var keyMaps: [KeyMap] { fileMaps }

    public override func adapt(to shapes: [String: [Int]]) {
        if let table = posEmbed, let shape = shapes["pos_embed"], shape.count == 4, shape[3] == table.size(3) {
            posEmbed = table.resized(to: shape)
        }
        for (index, block) in blocks.enumerated() {
            block.attn.adapt(rows: shapes["blocks.\(index).attn.rel_pos_h"], columns: shapes["blocks.\(index).attn.rel_pos_w"])
        }
    }
}

/// Patches to B×h×w×C by a convolution, whose place in files is `proj`.
final class PatchProjection: Module {
    let proj: Conv2d

    init(_ width: Int, kernel: Int, bias: Bool = true) { proj = Conv2d(3, width, kernel: kernel, stride: kernel, bias: bias) }

    init(_ width: Int, kernel: [Int], stride: [Int], padding: [Int]) {
        proj = Conv2d(3, width, kernelSize: kernel, stride: stride, padding: padding)
    }

    func callAsFunction(_ image: Tensor) -> Tensor { proj(image).permute(0, 2, 3, 1) }
}

/// The mean of all places, then a linear layer.
final class SAMClassifier: Module {
    let fc: Linear

    init(_ width: Int, classes: Int) { fc = Linear(width, classes) }

    func callAsFunction(_ x: Tensor) -> Tensor { fc(x.mean([2, 3])) }
}

extension Tensor {
    /// B×C×H×W with zeros below and on the right, so that both sides are multiples.
    func padded(toMultiple side: Int) -> Tensor { padded(toMultiples: [side, side]) }

    func padded(toMultiples sides: [Int]) -> Tensor {
        let (below, beside) = ((sides[0] - size(2) % sides[0]) % sides[0], (sides[1] - size(3) % sides[1]) % sides[1])
        return below + beside > 0 ? pad([0, beside, 0, below]) : self
    }

    /// This, a result that nothing else needs, with `shortcut` added: in place where the types agree.
    func addResidual(_ shortcut: Tensor) -> Tensor { dtype == shortcut.dtype ? add_(shortcut) : self + shortcut }

    /// Room for a parameter of another shape in this one's place.
    func resized(to shape: [Int]) -> Tensor {
        guard self.shape != shape else { return self }
        let tensor = Tensor.empty(shape, dtype: dtype, device: device)
        tensor.requiresGrad = requiresGrad
        return tensor
    }
}
