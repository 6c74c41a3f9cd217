import Torch

/// Patches of a batch of images that a pass hides from the network, and what stands in their place.
///
/// In a plain vision transformer (``VisionModel/patchTokens``) the token takes the place of the patches' tokens before positions are added.
/// All other networks see images whose patches are painted over with it, in normalised pixels: 0 is the mean colour.
public struct HiddenPatches {
    /// B×h×w, truth values: the images' patches from the top left; the last may lie across the edge.
    public let mask: Tensor
    /// C: ``channels(of:)``.
    public let token: Tensor
    /// Of a patch, in pixels.
    public let side: Int

    public init(_ mask: Tensor, token: Tensor, side: Int) { (self.mask, self.token, self.side) = (mask, token, side) }

    /// The token's width: of the network's tokens, or 3 of a colour.
    public static func channels(of model: VisionModel) -> Int { model.patchTokens?.channels ?? 3 }

    /// The image (B×3×H×W, normalised) with its hidden patches painted over.
    func painted(on image: Tensor) -> Tensor {
        let (batch, rows, columns) = (mask.size(0), mask.size(1), mask.size(2))
        let pixels = mask.reshape(batch, 1, rows, 1, columns, 1).expand([batch, 1, rows, side, columns, side])
            .reshape(batch, 1, rows * side, columns * side)
        return Tensor.where(
            pixels[.all, .all, 0..<image.size(2), 0..<image.size(3)], token.reshape(1, -1, 1, 1).to(image.dtype), image)
    }

    /// The patches' tokens (B×(h·w)×C) with the token in place of those that are hidden.
    func replaced(in tokens: Tensor) -> Tensor { Tensor.where(mask.flatten(1).unsqueeze(2), token.to(tokens.dtype), tokens) }
}
