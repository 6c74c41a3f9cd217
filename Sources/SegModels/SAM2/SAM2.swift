import Torch
import TorchNN

/// SAM 2 (Ravi et al. 2024) for single images: masks of what boxes or points show. Module names are transformers' where they differ from
/// those of its encoder, ``HieraDet``.
public final class SAM2: VisionModel {
    let backbone: HieraDet
    let sharedImageEmbedding: RandomWaves
    let promptEncoder: PromptEncoder
    let maskDecoder: MaskDecoder
    /// Stands for the memory of earlier images.
    let noMemoryEmbedding: Tensor
    /// Of the square images that it takes.
    public let side: Int

    init(_ backbone: HieraDet, side: Int, points: Int, scale: Double, decoder: MaskDecoder.Configuration) {
        (self.backbone, self.side) = (backbone, side)
        sharedImageEmbedding = RandomWaves(decoder.width, scale: scale)
        promptEncoder = PromptEncoder(decoder.width, side: side, points: points, scale: scale)
        maskDecoder = MaskDecoder(decoder)
        noMemoryEmbedding = Tensor.zeros([1, 1, decoder.width])
        var card = backbone.card
        (card.name, card.inputSize) = ("sam2", side)
        super.init(card, taps: [])
        noMemoryEmbedding.requiresGrad = true
    }

    public override func adapt(to shapes: [String: [Int]]) { backbone.adapt(to: shapes.under("backbone.")) }
    public override var keyMaps: [KeyMap] { fileMaps }

    /// What the decoder reads of one image; computed once for all prompts.
    public struct Embedding {
        /// 1×C×h×w, 1×C/4×2h×2w and 1×C/8×4h×4w.
        let deep, middle, fine: Tensor
        /// 1×C×h×w: where the pixels of `deep` are.
        let places: Tensor
    }

    /// Masks of K prompts.
    public struct Masks {
        /// K×h×w before the sigmoid, a quarter of the image's size.
        public let logits: Tensor
        /// K: how well a mask is thought to fit, in [0, 1].
        public let scores: Tensor
        /// K: whether there is an object at all, before the sigmoid.
        public let presence: Tensor
    }

    /// - Parameter image: 1×3×``side``×``side``, normalised as the card says.
    public func embed(_ image: Tensor) -> Embedding {
        precondition(image.size(0) == 1 && image.size(2) == side && image.size(3) == side, "SAM 2 takes one image of \(side)×\(side)")
        let maps = backbone.record(["fpn1", "fpn2", "fpn3"], of: image)
        let deep = maps["fpn3"]! + noMemoryEmbedding.view(1, -1, 1, 1)
        return Embedding(
            deep: deep, middle: maskDecoder.convS1(maps["fpn2"]!), fine: maskDecoder.convS0(maps["fpn1"]!),
            places: sharedImageEmbedding.map(deep.size(2), deep.size(3), image.device))
    }

    /// A mask for each prompt: a box, points, or both.
    ///
    /// - Parameters:
    ///   - boxes_K4: left, top, right, bottom, in pixels of the image that was embedded.
    ///   - points_KP2: places in those pixels, x first; the same number for every prompt.
    ///   - labels_KP: int64, 1 for a point on the object, 0 for one beside it.
    ///   - batch: prompts that are decoded at once; the maps that they need are large.
    public func masks(
        _ embedding: Embedding, boxes_K4: Tensor? = nil, points_KP2: Tensor? = nil, labels_KP: Tensor? = nil, batch: Int = 16
    ) -> Masks {
        precondition(boxes_K4 != nil || points_KP2 != nil, "SAM 2 needs a box or points")
        precondition((points_KP2 == nil) == (labels_KP == nil), "points and their labels come together")
        let prompts = promptEncoder(boxes_K4: boxes_K4, points_KP2: points_KP2, labels_KP: labels_KP)
        let dense = promptEncoder.noMaskEmbed.weight[0]
        let parts = prompts.split(batch).map { maskDecoder($0, embedding, dense_C: dense) }
        func joined(_ part: (Masks) -> Tensor) -> Tensor { .concatenate(parts.map(part)) }
        return Masks(logits: joined(\.logits), scores: joined(\.scores), presence: joined(\.presence))
    }
}
