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
        let stride = backbone.strides[head.resolutionStage]
        let below = backbone.tapChannels.filter { $0.key != "logits" }.map { ($0, $1, backbone.tapStrides[$0]!) }
        super.init(card, taps: below + [("features", head.featureChannels, stride), ("logits", card.classes, stride)])
    }

    public override var classifierTensors: [String] {
        classifier.classifierTensors.map { "classifier.\($0)" } + (auxClassifier?.classifierTensors.map { "aux_classifier.\($0)" } ?? [])
    }
    public override var headTensors: [String] { ["classifier.*", "aux_classifier.*"] }
    public override var alignsCorners: Bool { classifier.alignsCorners }
    public override func checkSize(height: Int, width: Int) throws { try backbone.checkSize(height: height, width: width) }
    public override func adapt(to shapes: [String: [Int]]) { backbone.adapt(to: shapes.under("backbone.")) }

    /// Whole networks as others publish them, where head and backbone have maps of one origin, and files of the backbone alone.
    public override var keyMaps: [KeyMap] {
        let whole = classifier.keyMaps.flatMap { head in
            backbone.keyMaps.filter { $0.origin == head.origin }.map { KeyMap.joining(head, $0) }
        }
        return whole + backbone.keyMaps.map { $0.below("backbone.", dropping: backbone.classifierTensors) }
    }

    override func run(_ image: Tensor, taps: inout Taps) {
        if taps.requested.isSubset(of: backbone.tapChannels.keys) {
            _ = backbone.stages(image, taps: &taps)
        } else {
            super.run(image, taps: &taps)
        }
    }

    public override func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        let stages = backbone.stages(image, taps: &taps)
        let (features, logits) = classifier(stages)
        taps.record("features", features)
        taps.record("logits", logits)
        return ModelOutput(logits: logits, auxiliary: isTraining ? auxClassifier.map { $0(stages).logits } : nil)
    }
}

extension [String: [Int]] {
    /// What lies under `prefix`, without it.
    func under(_ prefix: String) -> Self {
        Dictionary(uniqueKeysWithValues: filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }
}
