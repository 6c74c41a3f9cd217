import Torch
import TorchNN

/// The dense prediction transformer's head (Ranftl et al., ICCV 2021), as transformers has it: tokens of four depths become maps of
/// four sizes, which are fused from the deepest to the shallowest.
///
/// It reads 2n tensors: n maps of patches B×C×h×w and the n class tokens B×C that belong to them. What a 1×1 convolution
/// does after a resize, it does before: the two commute.
package final class DPTHead: Module, SegmentationHead {
    /// What becomes of the class token.
    package enum Readout: String, Sendable, CaseIterable {
        /// It is left out, added to every patch, or joined with every patch and projected.
        case ignore, add, project
    }

    package struct Options: Sendable {
        package var readout = Readout.project
        /// Channels of the reassembled maps.
        package var widths = [96, 192, 384, 768]
        /// Sizes of the reassembled maps, in those of the grid of patches: whole numbers, 1, or parts of 1.
        package var factors = [4, 2, 1, 0.5]
        package var fusionWidth = 256
        package var hasNorm = false
        package var hasBias = true
        package var dropout = 0.1
        /// Which fused map gives the scores, counted from the deepest; nil: the shallowest.
        package var index: Int?
        /// The activation of the projected readout.
        package var activation = Activation.Kind.gelu

        package init() {}
    }

    /// The blocks of the transformer that it reads.
    package let blocks: [Int]
    package let options: Options
    private let last: Int
    private let readouts: [Linear]
    private let reassemble: [Reassembly]
    private let convs: [Conv2d]
    private let fusions: [Fusion]
    private let project: ConvModule
    private let convSeg: Conv2d
    private let activation: Activation
    private let dropout: Dropout
    package let featureChannels: Int
    package var resolutionStage: Int { 3 }
    package var alignsCorners: Bool { false }
    package var classifierTensors: [String] { ["conv_seg.*"] }

    /// - Parameter inChannels: the transformer's width.
    package init(_ inChannels: Int, classes: Int, blocks: [Int], options: Options = Options()) {
        self.blocks = blocks
        self.options = options
        last = options.index ?? blocks.count - 1
        let width = options.fusionWidth
        featureChannels = width
        readouts = options.readout == .project ? blocks.map { _ in Linear(2 * inChannels, inChannels) } : []
        reassemble = zip(options.widths, options.factors).map { Reassembly(inChannels, $0, factor: $1) }
        convs = options.widths.map { Conv2d($0, width, kernel: 3, padding: 1, bias: false) }
        fusions = blocks.indices.map { Fusion(width, isFirst: $0 == 0, hasNorm: options.hasNorm, hasBias: options.hasBias) }
        project = ConvModule(width, width, kernel: 3)
        convSeg = Conv2d(width, classes, kernel: 1)
        activation = Activation(options.activation)
        dropout = Dropout(options.dropout)
    }

    /// Fusing doubles a map's size each time, and so do the scores.
    package func tapStrides(_ strides: [Int]) -> (features: Int, logits: Int) {
        let factor = options.factors[options.factors.count - 1 - last] * 2
        let size = Double(strides[3])
        return (max(1, Int((size / factor).rounded())), max(1, Int((size / factor / 2).rounded())))
    }

    package func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        guard let transformer = backbone as? any TokenBackbone else { preconditionFailure("DPT stands on a plain vision transformer") }
        let tokens = transformer.tokens(image, blocks: blocks, normed: false, taps: &taps)
        return tokens.map { transformer.map(of: $0, image: image) } + tokens.map { $0[.all, 0] }
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        let count = blocks.count
        var fused: Tensor?
        for (order, level) in (0..<count).reversed().enumerated() where order <= last {
            let map = convs[level](reassembled(stages[level], class: stages[count + level], level))
            fused = fusions[order](map, fused)
        }
        let features = project(fused!)
        let scores = convSeg(dropout(features))
        return (features, F.bilinear(scores, [2 * scores.size(2), 2 * scores.size(3)], alignCorners: true))
    }

    private func reassembled(_ map: Tensor, class token: Tensor, _ level: Int) -> Tensor {
        let (height, width) = (map.size(2), map.size(3))
        var x_BNC = map.flatten(2).transpose(1, 2)
        switch options.readout {
        case .ignore: break
        case .add: x_BNC = x_BNC + token.unsqueeze(1)
        case .project:
            // The class token is the same beside every patch: its half of the product is computed once.
            let halves = readouts[level].weight.split(x_BNC.size(2), 1)
            let shared = F.linear(token, halves[1], bias: readouts[level].bias).unsqueeze(1)
            x_BNC = activation(F.linear(x_BNC, halves[0]).add_(shared))
        }
        return reassemble[level](x_BNC, height, width)
    }

    package var keyMaps: [KeyMap] {
        let norms = options.hasNorm ? [("batch_norm1", "bn1"), ("batch_norm2", "bn2")] : []
        let units = ([("convolution1", "conv1"), ("convolution2", "conv2")] + norms).map { theirs, ours in
            KeyMap.Rule.rename("neck.fusion_stage.layers.*.residual_layer*.\(theirs).*", to: "classifier.fusions.*.unit*.\(ours).*")
        }
        let rules: [KeyMap.Rule] = [
            // The deepest map has nothing to be fused with; transformers keeps the weights all the same.
            .drop("neck.fusion_stage.layers.0.residual_layer1.*"), .drop("auxiliary_head.*"),
            .rename("neck.reassemble_stage.readout_projects.*.0.*", to: "classifier.readouts.*.*"),
            .convert(
                "neck.reassemble_stage.layers.*.projection.weight", to: "classifier.reassemble.*.projection.weight",
                load: { $0.flatten(1) }, save: { $0.unsqueeze(2).unsqueeze(3) }),
            .rename("neck.reassemble_stage.layers.*", to: "classifier.reassemble.*"),
            .rename("neck.convs.*", to: "classifier.convs.*"),
        ]
        let tail: [KeyMap.Rule] = [
            .rename("neck.fusion_stage.layers.*.projection.*", to: "classifier.fusions.*.projection.*"),
            .rename("head.head.0.*", to: "classifier.project.conv.*"), .rename("head.head.1.*", to: "classifier.project.bn.*"),
            .rename("head.head.4.*", to: "classifier.conv_seg.*"),
        ]
        return [
            KeyMap(
                "transformers' DPT", .transformers, recognizedBy: ["neck.fusion_stage.layers.0.projection.weight"],
                rules: rules + units + tail, backbonePrefix: "dpt.")
        ]
    }
}

/// Tokens to a map of another width and size.
final class Reassembly: Module {
    let projection: Linear
    let resize: (any Layer)?

    init(_ inChannels: Int, _ width: Int, factor: Double) {
        projection = Linear(inChannels, width)
        resize =
            factor > 1
            ? ConvTranspose2d(width, width, kernel: Int(factor), stride: Int(factor))
            : factor < 1 ? Conv2d(width, width, kernel: 3, stride: Int(1 / factor), padding: 1) : nil
    }

    override var members: [(key: String, member: Member)] {
        [("projection", .module(projection))] + (resize.map { [("resize", .module($0))] } ?? [])
    }

    func callAsFunction(_ x_BNC: Tensor, _ height: Int, _ width: Int) -> Tensor {
        let y_BNC = projection(x_BNC)
        let map = y_BNC.reshape(y_BNC.size(0), height, width, y_BNC.size(2)).permute(0, 3, 1, 2)
        return resize.map { $0(map) } ?? map
    }
}

/// A map and what came from deeper ones, refined, resized.
final class Fusion: Module {
    private let unit1: ResidualUnit?
    private let unit2: ResidualUnit
    let projection: Conv2d

    init(_ width: Int, isFirst: Bool, hasNorm: Bool, hasBias: Bool) {
        unit1 = isFirst ? nil : ResidualUnit(width, hasNorm: hasNorm, hasBias: hasBias)
        unit2 = ResidualUnit(width, hasNorm: hasNorm, hasBias: hasBias)
        projection = Conv2d(width, width, kernel: 1)
    }

    /// - Parameter size: of the result; nil: the map's, doubled.
    func callAsFunction(_ map: Tensor, _ deeper: Tensor?, size result: [Int]? = nil) -> Tensor {
        var x = map
        if let deeper, let unit1 {
            let size = Array(deeper.shape.suffix(2))
            x = unit1(Array(map.shape.suffix(2)) == size ? map : F.bilinear(map, size)).add_(deeper)
        }
        x = projection(unit2(x))
        return F.bilinear(x, result ?? [2 * x.size(2), 2 * x.size(3)], alignCorners: true)
    }
}

/// x + convolutions of x, each after ReLU.
private final class ResidualUnit: Module {
    let conv1: Conv2d
    let conv2: Conv2d
    let bn1: BatchNorm2d?
    let bn2: BatchNorm2d?

    init(_ width: Int, hasNorm: Bool, hasBias: Bool) {
        conv1 = Conv2d(width, width, kernel: 3, padding: 1, bias: hasBias)
        conv2 = Conv2d(width, width, kernel: 3, padding: 1, bias: hasBias)
        bn1 = hasNorm ? BatchNorm2d(width) : nil
        bn2 = hasNorm ? BatchNorm2d(width) : nil
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let first = conv1(F.relu(x))
        let second = conv2(F.relu_(bn1.map { $0(first) } ?? first))
        return (bn2.map { $0(second) } ?? second).add_(x)
    }
}
