import Torch
import TorchNN

/// A map as tokens.
package struct TokenMap {
    /// Row-major.
    package let tokens_BNC: Tensor
    package let height: Int
    package let width: Int
}

/// What a pixel decoder gives: `features` B×C×h×w, whose product with a query's vector is that query's mask, and `memory`, three maps
/// from coarse to fine, which the queries read in turn.
package struct PixelFeatures {
    package let features: Tensor
    package let memory: [TokenMap]
}

/// What stands between a backbone and the queries.
package protocol PixelDecoder: Module {
    /// Channels of the memory.
    var memoryChannels: Int { get }
    /// Channels of the features.
    var maskChannels: Int { get }
    /// The image's size over the features', on a backbone with these strides.
    func featureStride(_ strides: [Int]) -> Int
    /// What it reads of the backbone; fewer maps may come when the taps are complete.
    func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor]
    func callAsFunction(_ stages: [Tensor]) -> PixelFeatures
}

/// Mask2Former's pixel decoder: deformable attention among the pixels of the three deepest maps, and a feature pyramid from there to the
/// resolution of the masks. Names are the authors' (`sem_seg_head.pixel_decoder`).
package final class DeformablePixelDecoder: Module, PixelDecoder {
    package struct Options: Sendable, Equatable {
        /// A multiple of 32.
        package var width = 256
        package var maskChannels = 256
        package var layers = 6
        package var heads = 8
        /// Of each layer's MLP.
        package var hidden = 1024
        package var dropout = 0.0
        /// How many of the shallow maps are added on the way to the masks: 1 gives masks at a quarter of the image's size.
        package var pyramidLevels = 1

        package init() {}
    }

    package let options: Options
    /// What it reads of a plain vision transformer.
    let tokens: TokenStages?
    private let inputProj: [Sequential]
    private let transformer: DeformableTransformer
    private let maskFeatures: Conv2d
    private let adapters: [NormedConv]
    private let outputs: [NormedConv]
    private let positions: SinePositions
    private var grid: (sizes: [[Int]], device: Device, grid: SamplingGrid)?
    package var memoryChannels: Int { options.width }
    package var maskChannels: Int { options.maskChannels }

    /// - Parameters:
    ///   - channels: of the backbone's four maps.
    ///   - tokens: on a plain vision transformer, what it reads; nil: the backbone's stages.
    package init(_ channels: [Int], options: Options = Options(), tokens: TokenStages? = nil) {
        self.options = options
        self.tokens = tokens
        let width = options.width
        inputProj = channels.suffix(3).reversed().map { Sequential(Conv2d($0, width, kernel: 1), GroupNorm(32, width)) }
        transformer = DeformableTransformer(options)
        maskFeatures = Conv2d(width, options.maskChannels, kernel: 1)
        adapters = channels.prefix(options.pyramidLevels).map { NormedConv($0, width, kernel: 1) }
        outputs = adapters.map { _ in NormedConv(width, width, kernel: 3) }
        positions = SinePositions(width)
        super.init()
        for layer in inputProj {
            guard let conv = layer.layers[0] as? Conv2d else { continue }
            Initializer.xavierUniform(conv.weight)
            Initializer.constant(conv.bias!, 0)
        }
        for conv in adapters + outputs { Initializer.kaimingUniform(conv.conv.weight, a: 1) }
        Initializer.kaimingUniform(maskFeatures.weight, a: 1)
        Initializer.constant(maskFeatures.bias!, 0)
    }

    package override var members: [(key: String, member: Member)] {
        let projections = inputProj.enumerated().map { ("input_proj.\($0)", Member.module($1)) }
        let pyramid = zip(adapters, outputs).enumerated().flatMap { index, pair in
            [("adapter_\(index + 1)", Member.module(pair.0)), ("layer_\(index + 1)", Member.module(pair.1))]
        }
        return projections + [("transformer", .module(transformer)), ("mask_features", .module(maskFeatures))] + pyramid
    }

    package func featureStride(_ strides: [Int]) -> Int {
        let level = options.pyramidLevels == 0 ? 1 : 0
        return max(1, Int(Double(strides[level]) / (tokens?.factors?[level] ?? 1)))
    }

    package func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        TokenStages.maps(of: backbone, tokens, image, taps: &taps)
    }

    package func callAsFunction(_ stages: [Tensor]) -> PixelFeatures {
        let maps = zip(inputProj, stages.suffix(3).reversed()).map { $0($1) }
        let sizes = maps.map { Array($0.shape.suffix(2)) }
        let tokens = maps.map { $0.flatten(2).transpose(1, 2) }
        let places = sizes.map { positions($0[0], $0[1], like: maps[0]) }
        let encoded = transformer(.concatenate(tokens, 1), places, grid(of: sizes, maps[0].device))
        let parts = encoded.split(sizes.map { $0[0] * $0[1] }, 1)
        let memory = zip(parts, sizes).map { TokenMap(tokens_BNC: $0, height: $1[0], width: $1[1]) }
        // The tokens are the map in channels-last order.
        var features = parts[2].reshape(parts[2].size(0), sizes[2][0], sizes[2][1], options.width).permute(0, 3, 1, 2)
        for level in adapters.indices.reversed() {
            let lateral = adapters[level](stages[level])
            let above = F.bilinear(features, Array(lateral.shape.suffix(2)))
            features = F.relu_(outputs[level](lateral + above))
        }
        return PixelFeatures(features: maskFeatures(features), memory: memory)
    }

    private func grid(of sizes: [[Int]], _ device: Device) -> SamplingGrid {
        if let grid, grid.sizes == sizes, grid.device == device { return grid.grid }
        let made = withoutGradients { SamplingGrid(sizes, device: device) }
        grid = (sizes, device, made)
        return made
    }
}

/// Layers of deformable attention among the pixels of several maps.
final class DeformableTransformer: Module {
    private let levelEmbed: Tensor
    private let encoder: Encoder

    private final class Encoder: Module {
        let layers: [DeformableLayer]
        init(_ layers: [DeformableLayer]) { self.layers = layers }
    }

    init(_ options: DeformablePixelDecoder.Options) {
        levelEmbed = Tensor.empty([3, options.width])
        encoder = Encoder((0..<options.layers).map { _ in DeformableLayer(options) })
        super.init()
        Initializer.normal(levelEmbed, std: 1)
        markTrainable()
    }

    /// - Parameters:
    ///   - x_BNC: the pixels of all maps, one map after the other.
    ///   - positions: N×C of each map.
    func callAsFunction(_ x_BNC: Tensor, _ positions: [Tensor], _ grid: SamplingGrid) -> Tensor {
        let places_NC = Tensor.concatenate(positions.enumerated().map { $1 + levelEmbed[$0] })
        return encoder.layers.reduce(x_BNC) { $1($0, places_NC, grid) }
    }
}

/// Deformable attention and an MLP, each added to its input and normalised.
final class DeformableLayer: Module {
    let selfAttn: DeformableAttention
    let norm1: LayerNorm
    let linear1: Linear
    let linear2: Linear
    let norm2: LayerNorm
    private let dropout: Dropout

    init(_ options: DeformablePixelDecoder.Options) {
        selfAttn = DeformableAttention(options.width, heads: options.heads, levels: 3)
        norm1 = LayerNorm(options.width)
        linear1 = Linear(options.width, options.hidden)
        linear2 = Linear(options.hidden, options.width)
        norm2 = LayerNorm(options.width)
        dropout = Dropout(options.dropout)
        super.init()
        for linear in [linear1, linear2] { Initializer.xavierUniform(linear.weight) }
    }

    func callAsFunction(_ x_BNC: Tensor, _ places_NC: Tensor, _ grid: SamplingGrid) -> Tensor {
        let x = norm1(x_BNC + dropout(selfAttn(x_BNC + places_NC, x_BNC, grid)))
        return norm2(x + dropout(linear2(dropout(F.relu_(linear1(x))))))
    }
}

/// A convolution without bias and a norm over 32 groups, under detectron2's names `weight` and `norm`.
final class NormedConv: Module, Layer {
    let conv: Conv2d
    let norm: GroupNorm

    override class var keys: [String: String] { ["conv": ""] }

    init(_ inChannels: Int, _ outChannels: Int, kernel: Int) {
        conv = Conv2d(inChannels, outChannels, kernel: kernel, padding: kernel / 2, bias: false)
        norm = GroupNorm(32, outChannels)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { norm(conv(x)) }
}
