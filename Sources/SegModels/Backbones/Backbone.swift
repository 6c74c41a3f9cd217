import Torch
import TorchNN

/// An image classifier, or what a segmentation network needs of it: four maps of growing depth.
///
/// With a number of classes it has its classifier; without, the tensors that only the classifier needs are left out.
open class Backbone: VisionModel {
    /// The channels of the four maps.
    public let channels: [Int]
    /// The image's size over the maps'.
    public let strides: [Int]

    /// - Parameters:
    ///   - strides: of the four maps.
    ///   - taps: what it can record; nil: `stage1` … `stage4` and, with a classifier of `classes` outputs, `logits`.
    public init(
        channels: [Int], strides: [Int] = [4, 8, 16, 32], classes: Int? = nil,
        taps: [(name: String, channels: Int, stride: Int)]? = nil
    ) {
        self.channels = channels
        self.strides = strides
        let stages = (0..<4).map { (name: "stage\($0 + 1)", channels: channels[$0], stride: strides[$0]) }
        let scores = classes.map { [(name: "logits", channels: $0, stride: 0)] } ?? []
        // The row of the table of models that it is built by fills the card.
        let card = ModelCard(name: "", sizeMultiple: strides[3], classes: classes ?? 0, license: "", source: "")
        super.init(card, taps: taps ?? stages + scores)
    }

    /// The maps' strides when dilation keeps those after `outputStride` (32 as published, 16 or 8) from shrinking.
    public static func strides(dilatedFrom outputStride: Int) -> [Int] { [4, 8, 16, 32].map { min($0, outputStride) } }

    /// B×3×H×W to the four maps; records taps. Fewer maps may come when the taps are complete.
    open func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        preconditionFailure("\(type(of: self)) does not say how it computes its stages")
    }

    /// All of it.
    public final override var encoderPart: EncoderPart? { EncoderPart(card.name, self) }

    /// The last map to scores B×K; nil without a classifier.
    open func classify(_ x: Tensor) -> Tensor? { nil }

    /// Scores, if there is a classifier; records `logits` beside the other taps. Nil too where the taps are complete before.
    @discardableResult
    open func forward(_ image: Tensor, taps: inout Taps) -> Tensor? {
        let maps = stages(image, taps: &taps)
        guard !taps.isComplete, let last = maps.last, let logits = classify(last) else { return nil }
        taps.record("logits", logits)
        return logits
    }

    override func run(_ image: Tensor, taps: inout Taps) { forward(image, taps: &taps) }

    /// Runs the levels of a network one after the other as stages 1, 2, …, until the taps are complete.
    public final func stages(_ levels: [(Tensor) -> Tensor], _ x: Tensor, taps: inout Taps) -> [Tensor] {
        var maps = [x]
        for (index, level) in levels.enumerated() where !taps.isComplete {
            maps.append(level(maps[index]))
            taps.record("stage\(index + 1)", maps[index + 1])
        }
        return Array(maps.dropFirst())
    }
}

/// A row of layers cut into levels, each up to and with the layer at one of `ends`.
func cut(_ layers: [any Layer], at ends: [Int]) -> [(Tensor) -> Tensor] {
    zip([0] + ends.map { $0 + 1 }, ends).map { start, end in { x in layers[start...end].reduce(x) { $1($0) } } }
}
