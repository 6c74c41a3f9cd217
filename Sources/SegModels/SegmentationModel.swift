import Torch
import TorchNN

/// What a segmentation network gives for a batch of images.
public struct ModelOutput {
    /// B×K×h×w at the network's own resolution: the image's for ESPNet and ESPNetv2, the head's for the others.
    public let logits: Tensor
    /// B×K×h×w of the auxiliary head, where the model has one and is training.
    public let auxiliary: Tensor?

    public init(logits: Tensor, auxiliary: Tensor? = nil) {
        self.logits = logits
        self.auxiliary = auxiliary
    }
}

/// A network from images to class scores at every pixel, with named intermediate maps.
open class SegmentationModel: VisionModel {
    /// B×3×H×W, normalised as the card says, to scores. Records the taps that `taps` asks for.
    open func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        preconditionFailure("\(type(of: self)) does not say how it computes its output")
    }

    override func run(_ image: Tensor, taps: inout Taps) { _ = forward(image, taps: &taps) }

    /// Whether a pass can do without some of the encoder's channels: see ``ChannelDropout``.
    open var dropsChannels: Bool { false }

    /// Whether scores of another size are resized with their corner pixels aligned, as this network was trained.
    open var alignsCorners: Bool { false }

    /// Patterns of all that a file of the backbone alone does not hold; empty for networks without such files.
    open var headTensors: [String] { [] }

    /// A forward pass without taps.
    public final func callAsFunction(_ image: Tensor) -> ModelOutput {
        var taps = Taps()
        return forward(image, taps: &taps)
    }

    /// Scores resized bilinearly to [height, width], in this network's way; those of that size are returned as they are.
    public final func resize(_ logits: Tensor, to size: [Int]) -> Tensor {
        Array(logits.shape.suffix(2)) == size ? logits : F.bilinear(logits, size, alignCorners: alignsCorners)
    }
}
