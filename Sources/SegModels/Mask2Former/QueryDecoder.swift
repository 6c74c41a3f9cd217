import Torch
import TorchNN

/// Mask2Former's transformer decoder (Cheng et al., CVPR 2022): queries read the maps of a pixel decoder in turn, each only where its own
/// mask was in the layer before. Names are the authors' (`sem_seg_head.predictor`).
package final class QueryDecoder: Module {
    package struct Options: Sendable, Equatable {
        /// A multiple of 4.
        package var width = 256
        package var queries = 100
        package var layers = 9
        package var heads = 8
        package var hidden = 2048
        package var activation = Activation.Kind.relu
        package var dropout = 0.0
        package var normalizesFirst = false
        /// Whether the memory is projected even where it has the right width.
        package var alwaysProjects = false

        package init() {}
    }

    package let options: Options
    private let transformerCrossAttentionLayers: [CrossAttentionLayer]
    private let transformerSelfAttentionLayers: [SelfAttentionLayer]
    private let transformerFfnLayers: [FeedForwardLayer]
    private let decoderNorm: LayerNorm
    private let queryFeat: Table
    private let queryEmbed: Table
    private let levelEmbed: Table
    private let inputProj: [Conv2d]
    private let classEmbed: Linear?
    private let maskEmbed: MaskEmbedding
    private let positions: SinePositions

    /// - Parameter classes: without "no object"; nil: masks only.
    package init(memory: Int, maskChannels: Int, classes: Int?, options: Options = Options()) {
        self.options = options
        let width = options.width
        transformerCrossAttentionLayers = (0..<options.layers).map { _ in CrossAttentionLayer(options) }
        transformerSelfAttentionLayers = (0..<options.layers).map { _ in SelfAttentionLayer(options) }
        transformerFfnLayers = (0..<options.layers).map { _ in FeedForwardLayer(options) }
        decoderNorm = LayerNorm(width)
        queryFeat = Table(options.queries, width)
        queryEmbed = Table(options.queries, width)
        levelEmbed = Table(3, width)
        inputProj = memory != width || options.alwaysProjects ? (0..<3).map { _ in Conv2d(memory, width, kernel: 1) } : []
        classEmbed = classes.map { Linear(width, $0 + 1) }
        maskEmbed = MaskEmbedding(width, maskChannels)
        positions = SinePositions(width)
        super.init()
        for conv in inputProj {
            Initializer.xavierUniform(conv.weight)
            Initializer.constant(conv.bias!, 0)
        }
    }

    /// What the queries are after the decoder: normalised, of the last layer, and of those before if asked for.
    struct States {
        let last: Tensor
        let before: [Tensor]
    }

    /// - Parameter keepsAll: whether the states of all layers are kept, with those before the first.
    func callAsFunction(_ pixels: PixelFeatures, keepsAll: Bool) -> States {
        let memory = pixels.memory.enumerated().map { level, map in
            let tokens = inputProj.isEmpty ? map.tokens_BNC : project(map.tokens_BNC, inputProj[level])
            let values = tokens + levelEmbed.weight[level]
            return (keys: values + positions(map.height, map.width, like: values), values: values)
        }
        // The product with a query and the resizing commute: masks at the memory's sizes need no masks at the features'.
        let smallFeatures = withoutGradients {
            pixels.memory.prefix(options.layers).map { F.bilinear(pixels.features.detach(), [$0.height, $0.width]).flatten(2) }
        }
        let batch = pixels.features.size(0)
        var x_BQC = queryFeat.weight.unsqueeze(0).expand([batch, options.queries, options.width])
        let places_QC = queryEmbed.weight
        var state = decoderNorm(x_BQC)
        var states: [Tensor] = []
        for layer in 0..<options.layers {
            if keepsAll { states.append(state) }
            let level = layer % 3
            let mask = visible(state, smallFeatures[level])
            x_BQC = transformerCrossAttentionLayers[layer](x_BQC, places_QC, memory[level].keys, memory[level].values, mask)
            x_BQC = transformerSelfAttentionLayers[layer](x_BQC, places_QC)
            x_BQC = transformerFfnLayers[layer](x_BQC)
            state = decoderNorm(x_BQC)
        }
        return States(last: state, before: states)
    }

    /// B×Q×(K+1); nil without classes.
    func classify(_ state: Tensor) -> Tensor? { classEmbed.map { $0(state) } }

    /// B×Q×h×w.
    func masks(_ state: Tensor, _ features: Tensor) -> Tensor {
        let products = maskEmbed(state).matmul(features.flatten(2))
        return products.reshape(products.size(0), products.size(1), features.size(2), features.size(3))
    }

    /// B×1×Q×N: the pixels inside of a query's mask; all of them where the mask is empty.
    private func visible(_ state: Tensor, _ features_BCN: Tensor) -> Tensor {
        withoutGradients {
            let isInside = maskEmbed(state.detach()).matmul(features_BCN).sigmoid() .>= 0.5
            return (isInside .| .!Self.anyOp(isInside, -1, true)).unsqueeze(1)
        }
    }

    private static let anyOp = Operator("aten::any.dim")

    private func project(_ tokens_BNC: Tensor, _ conv: Conv2d) -> Tensor { F.linear(tokens_BNC, conv.weight.flatten(1), bias: conv.bias) }
}

/// The three layers that make a query's vector the mask's.
private final class MaskEmbedding: Module {
    let layers: [Linear]

    init(_ width: Int, _ out: Int) { layers = [Linear(width, width), Linear(width, width), Linear(width, out)] }

    func callAsFunction(_ x: Tensor) -> Tensor { layers[2](F.relu_(layers[1](F.relu_(layers[0](x))))) }
}
