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
open class SegmentationModel: Module {
    public let card: ModelCard
    /// The channels of every tap that ``forward(_:taps:)`` can record.
    public let tapChannels: [String: Int]
    /// The image's size over the tap's, rounded.
    public let tapStrides: [String: Int]
    private var normalizer: Normalizer?

    /// - Parameter taps: name, channels and stride of each tap.
    public init(_ card: ModelCard, taps: [(name: String, channels: Int, stride: Int)]) {
        self.card = card
        tapChannels = Dictionary(uniqueKeysWithValues: taps.map { ($0.name, $0.channels) })
        tapStrides = Dictionary(uniqueKeysWithValues: taps.map { ($0.name, $0.stride) })
    }

    /// B×3×H×W, normalised as the card says, to scores. Records the taps that `taps` asks for.
    open func forward(_ image: Tensor, taps: inout Taps) -> ModelOutput {
        preconditionFailure("\(type(of: self)) does not say how it computes its output")
    }

    /// Whether scores of another size are resized with their corner pixels aligned, as this network was trained.
    open var alignsCorners: Bool { false }

    /// Patterns of the tensors whose shapes follow from the number of classes.
    open var classifierTensors: [String] { [] }

    /// Patterns of all that a file of the backbone alone does not hold; empty for networks without such files.
    open var headTensors: [String] { [] }

    /// How the names in published files become this model's; the first map that fits a file is used.
    open var keyMaps: [KeyMap] { [] }

    /// A forward pass without taps.
    public final func callAsFunction(_ image: Tensor) -> ModelOutput {
        var taps = Taps()
        return forward(image, taps: &taps)
    }

    /// B×H×W×3 bytes (RGB) to this network's B×3×H×W float32, channels last, on the bytes' device.
    public final func normalize(_ images_BHWC: Tensor) -> Tensor {
        let device = images_BHWC.device
        if normalizer?.device != device { normalizer = Normalizer(card.normalization, on: device) }
        return normalizer!(images_BHWC)
    }

    /// Scores resized bilinearly to [height, width], in this network's way; those of that size are returned as they are.
    public final func resize(_ logits: Tensor, to size: [Int]) -> Tensor {
        Array(logits.shape.suffix(2)) == size ? logits : F.bilinear(logits, size, alignCorners: alignsCorners)
    }
}
