import Torch
import TorchNN

/// Grounding DINO (Liu et al., ECCV 2024) and MM-Grounding-DINO (Zhao et al. 2024): a detector of whatever a text names.
///
/// A Swin Transformer's maps and BERT's words are fused in an encoder; the pixels that fit a word best become queries with boxes, which a
/// decoder corrects. Module names are transformers'. Made for inference: dropout is left out.
public final class GroundingDINO: VisionModel {
    /// What the network's shapes follow from.
    struct Configuration: Sendable, Equatable {
        var width = 256
        var levels = 4
        var queries = 900
        var encoderLayers = 6
        var encoderHeads = 8
        var encoderHidden = 2048
        var encoderPoints = 4
        var decoderLayers = 6
        var decoderHeads = 8
        var decoderHidden = 2048
        var decoderPoints = 4
        var activation = Activation.Kind.relu
        var eps = 1e-5
        /// Of the pixels' places.
        var temperature = 20.0
        var maxPieces = 256
        var sharesBoxHead = true
        var sharesScore = true
        /// Whether scores are MM-Grounding-DINO's.
        var isMM = false
    }

    let backbone: Backbone
    let inputProjVision: [Sequential]
    let textBackbone: BERT
    let textProjection: Linear
    let queryPositionEmbeddings: Table
    let encoder: Encoder
    let decoder: GroundingDecoder
    let levelEmbed: Tensor
    let encOutput: Linear
    let encOutputNorm: LayerNorm
    let encoderOutputBboxEmbed: Perceptron
    let encoderOutputClassEmbed: WordScore
    let bboxEmbed: [Perceptron]
    let classEmbed: [WordScore]

    let configuration: Configuration
    /// The stages (0 to 3) whose maps are read.
    private let stages: [Int]
    private let positions: SinePositions
    private var grids: (sizes: [[Int]], device: Device, encoder: SamplingGrid, decoder: SamplingGrid)?
    /// What images are resized to: the length of the shorter side, and what the longer may have at most.
    public internal(set) var imageSides = (shorter: 800, longer: 1333)

    final class Encoder: Module {
        let layers: [GroundingEncoderLayer]
        init(_ layers: [GroundingEncoderLayer]) { self.layers = layers }
    }

    /// - Parameter stages: of the backbone's, from 0, whose maps are read.
    init(_ shape: Configuration, _ backbone: Backbone, stages: [Int], text: BERT.Configuration) {
        (configuration, self.backbone, self.stages) = (shape, backbone, stages)
        let width = shape.width
        let read = stages.map { backbone.channels[$0] }
        inputProjVision = (0..<shape.levels).map { level in
            let isMap = level < read.count
            let channels = isMap ? read[level] : level == read.count ? read[level - 1] : width
            let conv = isMap ? Conv2d(channels, width, kernel: 1) : Conv2d(channels, width, kernel: 3, stride: 2, padding: 1)
            return Sequential(conv, GroupNorm(32, width))
        }
        textBackbone = BERT(text)
        textProjection = Linear(text.width, width)
        queryPositionEmbeddings = Table(shape.queries, width)
        encoder = Encoder((0..<shape.encoderLayers).map { _ in GroundingEncoderLayer(shape) })
        decoder = GroundingDecoder(shape)
        levelEmbed = Tensor.empty([shape.levels, width])
        encOutput = Linear(width, width)
        encOutputNorm = LayerNorm(width, eps: shape.eps)
        encoderOutputBboxEmbed = Perceptron([width, width, width, 4])
        encoderOutputClassEmbed = WordScore(isScaled: shape.isMM)
        bboxEmbed = (0..<(shape.sharesBoxHead ? 1 : shape.decoderLayers)).map { _ in Perceptron([width, width, width, 4]) }
        classEmbed = (0..<(shape.sharesScore ? 1 : shape.decoderLayers)).map { _ in WordScore(isScaled: shape.isMM) }
        positions = SinePositions(width, temperature: shape.temperature)
        let card = ModelCard(
            name: shape.isMM ? "mm-grounding-dino" : "grounding-dino", sizeMultiple: 1, classes: 0, license: "Apache-2.0",
            source: shape.isMM ? "Zhao et al. 2024" : "Liu et al. 2024")
        super.init(card, taps: [])
        Initializer.normal(levelEmbed, std: 1)
        levelEmbed.requiresGrad = true
    }

    public override func adapt(to shapes: [String: [Int]]) { backbone.adapt(to: shapes.under("backbone.")) }
    public override func adapt(to origin: KeyMap.Origin) { backbone.adapt(to: origin) }
    public override var keyMaps: [KeyMap] { fileMaps }

    /// What the network says of a text and images.
    public struct Output {
        /// B×Q×T: how well each query fits each piece, before the sigmoid.
        public let logits: Tensor
        /// B×Q×4: centre and size, x first, as parts of the image.
        public let boxes: Tensor
        /// B×N×C and B×T×C: pixels and words as they leave the encoder.
        public let pixels: Tensor
        public let words: Tensor

        public init(logits: Tensor, boxes: Tensor, pixels: Tensor, words: Tensor) {
            (self.logits, self.boxes, self.pixels, self.words) = (logits, boxes, pixels, words)
        }
    }

    /// - Parameters:
    ///   - image: B×3×H×W, normalised as the card says.
    ///   - ids: of a prompt's pieces; the same for every image.
    public func callAsFunction(_ image: Tensor, ids: [Int]) -> Output {
        let (maps, text) = (levels(image), read(ids, image.device))
        let sizes = maps.map { Array($0.shape.suffix(2)) }
        let grids = grids(of: sizes, image.device)
        let places = zip(sizes, 0...).map { positions($0[0], $0[1], like: image) + levelEmbed[$1] }
        let places_NC = Tensor.concatenate(places)
        var pixels = Tensor.concatenate(maps.map { $0.flatten(2).transpose(1, 2) }, 1)
        var words = text.words.expand([image.size(0), ids.count, configuration.width])
        for layer in encoder.layers {
            (pixels, words) = layer.fusionLayer(pixels, words)
            words = layer.textEnhancerLayer(words, places_TC: text.places, mask: text.mask)
            pixels = layer.deformableLayer(pixels, places_NC: places_NC, grids.encoder)
        }
        var (x_BQC, boxes) = propose(pixels, words, sizes)
        var before = boxes
        for (index, layer) in decoder.layers.enumerated() {
            x_BQC = layer(
                x_BQC, places_BQC: decoder.places(boxes), boxes_BQ4: boxes, words_BTC: words, pixels_BNC: pixels, grids.decoder)
            before = boxes
            if index < decoder.layers.count - 1 { boxes = correct(boxes, x_BQC, index) }
        }
        let last = decoder.layerNorm(x_BQC)
        return Output(
            logits: classEmbed[classEmbed.count - 1](last, words), boxes: correct(before, last, decoder.layers.count - 1), pixels: pixels,
            words: words)
    }

    // MARK: Parts

    /// The maps that are read, and smaller ones made of the last, all of one width.
    private func levels(_ image: Tensor) -> [Tensor] {
        var taps = Taps()
        let maps = backbone.stages(image, taps: &taps)
        var last = maps[stages[stages.count - 1]]
        return inputProjVision.enumerated().map { level, projection in
            guard level >= stages.count else { return projection(maps[stages[level]]) }
            last = projection(last)
            return last
        }
    }

    private struct Text {
        /// 1×T×C.
        let words: Tensor
        /// T×C.
        let places: Tensor
        /// 1×1×T×T.
        let mask: Tensor
    }

    private func read(_ ids: [Int], _ device: Device) -> Text {
        let blocks = PhraseBlocks(ids)
        let places_T = Tensor(blocks.places, device: device)
        let mask_TT = Tensor(blocks.mask, shape: [ids.count, ids.count], device: device)
        let words = textBackbone(Tensor(ids, device: device), places_T: places_T, mask_TT: mask_TT)
        return Text(
            words: textProjection(words), places: waves(places_T.float.unsqueeze(1), channels: configuration.width),
            mask: mask_TT.unsqueeze(0).unsqueeze(0))
    }

    /// The queries, learned vectors, and their boxes: of the pixels that fit a word best.
    private func propose(_ pixels_BNC: Tensor, _ words_BTC: Tensor, _ sizes: [[Int]]) -> (queries: Tensor, boxes: Tensor) {
        let (batch, width) = (pixels_BNC.size(0), pixels_BNC.size(2))
        let proposals = ProposalGrid(sizes, pixels_BNC.device)
        let objects = encOutputNorm(encOutput(pixels_BNC.maskedFill(proposals.isOutside_N1, 0)))
        let scores_BN = encoderOutputClassEmbed(objects, words_BTC).amax([2])
        let count = min(configuration.queries, scores_BN.size(1))
        let chosen_BQ = scores_BN.topK(count, 1).indices
        let objects_BQC = objects.gather(1, chosen_BQ.unsqueeze(2).expand([batch, count, width]))
        let first = proposals.logits_N4.indexSelect(0, chosen_BQ.flatten()).reshape(batch, count, 4)
        let boxes = (encoderOutputBboxEmbed(objects_BQC) + first).sigmoid()
        let learned_QC = queryPositionEmbeddings.weight[0..<count]
        return (learned_QC.unsqueeze(0).expand([batch, count, width]), boxes)
    }

    private func correct(_ boxes: Tensor, _ x_BQC: Tensor, _ layer: Int) -> Tensor {
        (bboxEmbed[min(layer, bboxEmbed.count - 1)](x_BQC) + Self.logitOp(boxes, 1e-5)).sigmoid()
    }

    private static let logitOp = Operator("aten::logit")

    private func grids(of sizes: [[Int]], _ device: Device) -> (encoder: SamplingGrid, decoder: SamplingGrid) {
        if let grids, grids.sizes == sizes, grids.device == device { return (grids.encoder, grids.decoder) }
        let made = withoutGradients {
            (
                SamplingGrid(sizes, points: configuration.encoderPoints, device: device),
                SamplingGrid(sizes, points: configuration.decoderPoints, hasPlaces: false, device: device)
            )
        }
        grids = (sizes, device, made.0, made.1)
        return made
    }
}

/// A box for every pixel of the maps: around its centre, 1/20 of the image wide and high, twice as much from map to map.
private struct ProposalGrid {
    /// Before the sigmoid; infinite outside.
    let logits_N4: Tensor
    /// Truth values: whether a box lies too near the edge, or is too large.
    let isOutside_N1: Tensor

    init(_ sizes: [[Int]], _ device: Device) {
        let maps = sizes.enumerated().map { level, size -> Tensor in
            func centres(_ count: Int) -> Tensor { (Tensor.arange(0, count, dtype: .float32) + 0.5) / Double(count) }
            let side = Tensor.full(size, 0.05 * Double(1 << level))
            return Tensor.stack([centres(size[1]).unsqueeze(0).expand(size), centres(size[0]).unsqueeze(1).expand(size), side, side], 2)
        }
        let boxes = Tensor.concatenate(maps.map { $0.reshape(-1, 4) })
        let isOutside = ((boxes .<= 0.01) .| (boxes .>= 0.99)).float.amax([1], keepDimensions: true) .> 0.5
        isOutside_N1 = isOutside.to(device)
        logits_N4 = (boxes / (1.0 - boxes)).log().maskedFill(isOutside, .infinity).to(device)
    }
}
