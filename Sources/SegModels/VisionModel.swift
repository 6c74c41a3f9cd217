import Torch
import TorchNN

/// A network that looks at images, with named intermediate tensors: a ``Backbone`` or a ``SegmentationModel``.
open class VisionModel: Module {
    /// How to feed it, what it knows, where it comes from.
    public final var card: ModelCard { didSet { normalizer = nil } }
    /// The channels of every tap that the network can record.
    public let tapChannels: [String: Int]
    /// The image's size over the tap's, rounded; 0 for what has no places: a class token, an image's class scores.
    public let tapStrides: [String: Int]
    /// What the folder said that this network was built from; nil for one of the table of models.
    public internal(set) final var origin: ModelDescription?
    private var normalizer: Normalizer?

    /// - Parameter taps: name, channels and stride of each tap.
    public init(_ card: ModelCard, taps: [(name: String, channels: Int, stride: Int)]) {
        self.card = card
        tapChannels = Dictionary(uniqueKeysWithValues: taps.map { ($0.name, $0.channels) })
        tapStrides = Dictionary(uniqueKeysWithValues: taps.map { ($0.name, $0.stride) })
    }

    /// Computes the taps that are asked for and no more than the deepest of them needs.
    ///
    /// - Parameters:
    ///   - image: B×3×H×W, normalised as the card says.
    ///   - hidden: patches that the network does not get to see.
    public final func record(_ names: some Sequence<String>, of image: Tensor, hiding hidden: HiddenPatches? = nil) -> Taps {
        let seesTokens = patchTokens != nil
        var taps = Taps(only: Set(names), hiding: seesTokens ? hidden : nil)
        run(seesTokens ? image : hidden?.painted(on: image) ?? image, taps: &taps)
        return taps
    }

    /// The tokens that a plain vision transformer makes of patches of `side` pixels, before it adds positions; nil where there is none.
    open var patchTokens: (side: Int, channels: Int)? { nil }

    /// One pass for the taps alone; it may end as soon as they are complete.
    func run(_ image: Tensor, taps: inout Taps) {
        preconditionFailure("\(type(of: self)) does not say how it computes its taps")
    }

    /// How the names in published files become this network's; the first map that fits a file is used.
    open var keyMaps: [KeyMap] { [] }

    /// Patterns of the tensors whose shapes follow from the number of classes, and of all that only those need.
    open var classifierTensors: [String] { [] }

    /// Makes room for a file's tensors whose shapes may differ from the ones that the network was built with, such as the
    /// position embeddings of another image size. Called with the shapes under the network's own names, before loading.
    open func adapt(to shapes: [String: [Int]]) {}

    /// The sides of those patch kernels, by name, that a file may hold in another size: they are resized on loading.
    open var patchKernels: [String: Int] { [:] }

    /// Takes over what depends on who wrote the file that is loaded.
    open func adapt(to origin: KeyMap.Origin) {}

    /// What other networks can take over of it; nil where encoder and head cannot be told apart.
    open var encoderPart: EncoderPart? { nil }

    /// Refuses images of a size that the network cannot take.
    /// - Throws: `UserError` saying which sizes it takes.
    open func checkSize(height: Int, width: Int) throws {}

    /// B×H×W×3 bytes (RGB) to this network's B×3×H×W float32, channels last, on the bytes' device.
    public final func normalize(_ images_BHWC: Tensor) -> Tensor {
        let device = images_BHWC.device
        if normalizer?.device != device { normalizer = Normalizer(card.normalization, on: device) }
        return normalizer!(images_BHWC)
    }
}
