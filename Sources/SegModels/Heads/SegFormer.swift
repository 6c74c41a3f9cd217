import Torch
import TorchNN

/// The all-MLP head of SegFormer (Xie et al., NeurIPS 2021): every stage projected to one width, resized, joined, convolved 1×1.
///
/// From the projections on up to the normalisation all is linear, so each stage's part is computed at that stage's own
/// resolution (see ``convolvedAsJoined(_:_:bias:alignCorners:)``), with projection and convolution as one matrix where that is less work.
package final class SegFormerHead: Module, SegmentationHead {
    /// How the stages are projected.
    package enum Form: Sendable {
        /// As the authors and transformers: linearly, joined from the deepest to the shallowest.
        case linear
        /// As mmsegmentation 1.x: with normalisation and ReLU, joined from the shallowest to the deepest.
        case normalized
    }

    private final class Projection: Module {
        let proj: Linear
        init(_ inChannels: Int, _ width: Int) { proj = Linear(inChannels, width) }
    }

    private let linear: [Projection]
    private let convs: [ConvModule]
    private let fuse: ConvModule
    private let classifier: Conv2d
    let dropout: Dropout2d
    let form: Form
    package let featureChannels: Int
    package var resolutionStage: Int { 0 }
    package var classifierTensors: [String] { [form == .linear ? "linear_pred.*" : "conv_seg.*"] }

    package init(_ channels: [Int], classes: Int, width: Int = 256, dropout: Double = 0.1, form: Form = .linear) {
        self.form = form
        featureChannels = width
        linear = form == .linear ? channels.map { Projection($0, width) } : []
        convs = form == .normalized ? channels.map { ConvModule($0, width) } : []
        fuse = ConvModule(width * channels.count, width)
        classifier = SegModels.classifier(width, classes)
        self.dropout = Dropout2d(dropout)
        super.init()
        for projection in linear {
            Initializer.truncatedNormal(projection.proj.weight, std: 0.02)
            Initializer.constant(projection.proj.bias!, 0)
        }
    }

    package override var members: [(key: String, member: Member)] {
        let projections: [(String, Module)] =
            form == .linear
            ? linear.enumerated().map { ("linear_c\($0 + 1)", $1) } : convs.enumerated().map { ("convs.\($0)", $1) }
        let rest: [(String, Module)] =
            form == .linear
            ? [("linear_fuse", fuse), ("linear_pred", classifier)] : [("fusion_conv", fuse), ("conv_seg", classifier)]
        return (projections + rest + [("dropout", dropout)]).map { ($0, .module($1)) }
    }

    package func callAsFunction(_ stages: [Tensor]) -> (features: Tensor, logits: Tensor) {
        var weight = fuse.conv.weight.flatten(1)
        var bias: Tensor?
        if !isTraining {
            let (scale, shift) = fuse.bn.affine
            weight = weight * scale.unsqueeze(1)
            bias = shift
        }
        if form == .linear {
            let inner = weight.matmul(.concatenate(linear.reversed().map { $0.proj.bias! }))
            bias = bias.map { $0 + inner } ?? inner
        }
        let pieces = weight.split(featureChannels, 1)
        var maps = stages
        var weights = form == .linear ? pieces.reversed() : pieces
        for index in stages.indices {
            if form == .normalized {
                maps[index] = convs[index](stages[index])
            } else {
                let projection = linear[index].proj.weight
                let pixels = stages[index].count / stages[index].size(1)
                if pixels > projection.size(1) {
                    weights[index] = weights[index].matmul(projection)
                } else {
                    maps[index] = F.conv2d(stages[index], projection.reshape(projection.size(0), projection.size(1), 1, 1))
                }
            }
        }
        let sum = convolvedAsJoined(maps, weights, bias: bias)
        let features = F.relu_(isTraining ? fuse.bn(sum) : sum)
        return (features, classifier(dropout(features)))
    }

    package var keyMaps: [KeyMap] {
        if form == .normalized { return [.mmseg("mmsegmentation's SegFormer", recognizedBy: ["decode_head.fusion_conv.conv.weight"])] }
        let official = KeyMap(
            "SegFormer's", .official, recognizedBy: ["decode_head.linear_pred.weight"],
            // The base class of the authors' heads makes a classifier that they do not use.
            rules: [.drop("decode_head.conv_seg.*"), .rename("decode_head.*", to: "classifier.*")])
        let stages = linear.indices.map { "\($0)" }
        let transformers = KeyMap(
            "transformers' SegFormer", .transformers, recognizedBy: ["decode_head.linear_fuse.weight"],
            rules: ["linear_c", "linear_projections"].flatMap { name in
                stages.enumerated().map { KeyMap.Rule.rename("decode_head.\(name).\($1).*", to: "classifier.linear_c\($0 + 1).*") }
            } + [
                .rename("decode_head.linear_fuse.*", to: "classifier.linear_fuse.conv.*"),
                .rename("decode_head.batch_norm.*", to: "classifier.linear_fuse.bn.*"),
                .rename("decode_head.classifier.*", to: "classifier.linear_pred.*"),
            ], backbonePrefix: "segformer.")
        return [official, transformers]
    }
}
