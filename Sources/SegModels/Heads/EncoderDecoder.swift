import Torch
import TorchNN

/// A backbone with a head, as torchvision arranges them: `backbone`, `classifier` and, for training, `aux_classifier`.
public final class EncoderDecoder: SegmentationModel {
    public let backbone: Backbone
    let classifier: any SegmentationHead
    package let auxClassifier: FCN?
    private let givesScoresOfImage: Bool

    /// - Parameter givesScoresOfImage: whether the scores are resized to the image's size; the head's own else.
    package init(
        _ card: ModelCard, _ backbone: Backbone, head: any SegmentationHead, auxiliary: FCN? = nil, givesScoresOfImage: Bool = false
    ) {
        self.backbone = backbone
        self.givesScoresOfImage = givesScoresOfImage
        classifier = head
        auxClassifier = auxiliary
        let strides = head.tapStrides(backbone.strides)
        let below = backbone.tapChannels.filter { $0.key != "logits" }.map { ($0, $1, backbone.tapStrides[$0]!) }
        let own = [("features", head.featureChannels, strides.features), ("logits", card.classes, givesScoresOfImage ? 1 : strides.logits)]
        super.init(card, taps: below + own)
    }

    public override var classifierTensors: [String] {
        classifier.classifierTensors.map { "classifier.\($0)" } + (auxClassifier?.classifierTensors.map { "aux_classifier.\($0)" } ?? [])
    }
    public override var headTensors: [String] { ["classifier.*", "aux_classifier.*"] }
    public override var alignsCorners: Bool { classifier.alignsCorners }
    public override var dropsChannels: Bool { true }
    public override var encoderPart: EncoderPart? { EncoderPart(backbone.card.name, path: "backbone", backbone) }
    public override func checkSize(height: Int, width: Int) throws { try backbone.checkSize(height: height, width: width) }
    public override func adapt(to shapes: [String: [Int]]) {
        let below = shapes.under("backbone.")
        // A file of the head alone says nothing of the backbone.
        if !below.isEmpty { backbone.adapt(to: below) }
    }

    public override func adapt(to origin: KeyMap.Origin) { backbone.adapt(to: origin) }
    public override var patchTokens: (side: Int, channels: Int)? { backbone.patchTokens }
    public override var patchKernels: [String: Int] { backbone.patchKernels.below("backbone.") }

    /// Whole networks as others publish them, where head and backbone have maps of one origin, and files of the backbone alone.
    public override var keyMaps: [KeyMap] {
        let whole = classifier.keyMaps.flatMap { head -> [KeyMap] in
            let auxiliary = auxClassifier?.rules(of: head.origin, from: "auxiliary_head.", to: "aux_classifier.") ?? []
            let complete = head.adding(auxiliary + [.rename("auxiliary_head.*", to: "aux_classifier.*")])
            let below = backbone.keyMaps.filter { $0.origin == head.origin }
            // A file may hold the head alone, or a backbone under this package's own names.
            let dropped = backbone.classifierTensors
            return below.map { .joining(complete, $0, dropping: dropped) }
                + [.joining(complete, below.first?.recognizedByHead ?? KeyMap("", recognizedBy: []), dropping: dropped)]
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
        let stages = taps.read(classifier.stages(of: backbone, image, taps: &taps))
        let (features, scores) = classifier(stages)
        let logits = scoresOf(image, scores)
        taps.record("features", features)
        taps.record("logits", logits)
        return ModelOutput(logits: logits, auxiliary: isTraining ? auxClassifier.map { scoresOf(image, $0(stages).logits) } : nil)
    }

    private func scoresOf(_ image: Tensor, _ scores: Tensor) -> Tensor {
        givesScoresOfImage ? resize(scores, to: Array(image.shape.suffix(2))) : scores
    }
}

extension [String: Int] {
    /// The names as those of a part of a larger network.
    func below(_ prefix: String) -> Self { Dictionary(uniqueKeysWithValues: map { (prefix + $0.key, $0.value) }) }
}

extension [String: [Int]] {
    /// What lies under `prefix`, without it.
    func under(_ prefix: String) -> Self {
        Dictionary(uniqueKeysWithValues: filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }
}
