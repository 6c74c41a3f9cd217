import Torch
import TorchNN

/// A backbone with a head, as torchvision arranges them: `backbone`, `classifier` and, for training, `aux_classifier`.
public final class EncoderDecoder: SegmentationModel {
    public let backbone: Backbone
    let classifier: any SegmentationHead
    package let auxClassifier: FCN?

    package init(_ card: ModelCard, _ backbone: Backbone, head: any SegmentationHead, auxiliary: FCN? = nil) {
        self.backbone = backbone
        classifier = head
        auxClassifier = auxiliary
        let stages = (0..<4).map { (name: "stage\($0 + 1)", channels: backbone.channels[$0], stride: backbone.strides[$0]) }
        let stride = backbone.strides[head.resolutionStage]
        super.init(
            card, taps: stages + [("features", head.featureChannels, stride), ("logits", card.classes, stride)])
    }

    public override var classifierTensors: [String] {
        classifier.classifierTensors.map { "classifier.\($0)" } + (auxClassifier?.classifierTensors.map { "aux_classifier.\($0)" } ?? [])
    }
    public override var headTensors: [String] { ["classifier.*", "aux_classifier.*"] }

    /// A classifier's file (torchvision, timm's port) holds the backbone under bare names.
    public override var keyMaps: [KeyMap] {
        let kind = type(of: backbone)
        return [
            KeyMap(
                "an image classifier", recognizedBy: [kind.firstTensor], prefix: "backbone.", dropping: kind.classifierTensors,
                isBackbone: true)
        ]
    }

    public override func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        let stages = backbone.stages(image)
        for (index, stage) in stages.enumerated() { taps.record("stage\(index + 1)", stage) }
        let (features, logits) = classifier(stages)
        taps.record("features", features)
        taps.record("logits", logits)
        return ModelOutput(logits: logits, auxiliary: isTraining ? auxClassifier.map { $0(stages).logits } : nil)
    }
}
