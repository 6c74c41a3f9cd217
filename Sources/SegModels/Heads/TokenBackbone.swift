import Torch
import TorchNN

/// A plain vision transformer, as heads that read its tokens see it.
package protocol TokenBackbone: Backbone {
    /// How many blocks it has.
    var depth: Int { get }
    var patchSize: Int { get }
    /// Class token and registers, which come before the patches.
    var prefixTokens: Int { get }
    /// All tokens B×(prefix + h·w)×C after some blocks, each through the last norm if `normed`; ends after the last of them.
    func tokens(_ image: Tensor, blocks: [Int], normed: Bool, taps: inout Taps) -> [Tensor]
}

/// The maps of a plain vision transformer that a head for four stages reads.
package struct TokenStages: Sendable, Equatable {
    /// The blocks that they come from, from shallow to deep.
    package let blocks: [Int]
    /// Whether through the transformer's last norm.
    package let areNormed: Bool

    package init(blocks: [Int], areNormed: Bool) {
        self.blocks = blocks
        self.areNormed = areNormed
    }

    /// The four stages of a backbone: of a plain transformer those named by `tokens`.
    static func maps(of backbone: Backbone, _ tokens: TokenStages?, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        guard let tokens, let transformer = backbone as? any TokenBackbone else { return backbone.stages(image, taps: &taps) }
        return transformer.maps(image, blocks: tokens.blocks, normed: tokens.areNormed, taps: &taps)
    }
}

extension TokenBackbone {
    func lastBlocks(_ count: Int) -> [Int] { Array(max(0, depth - count)..<depth) }

    /// The patches among tokens as a map B×C×h×w: a view.
    func map(of tokens_BNC: Tensor, image: Tensor) -> Tensor {
        let (height, width) = (image.size(2) / patchSize, image.size(3) / patchSize)
        let patches_BNC = tokens_BNC[.all, prefixTokens...]
        return patches_BNC.reshape(patches_BNC.size(0), height, width, patches_BNC.size(2)).permute(0, 3, 1, 2)
    }

    func maps(_ image: Tensor, blocks: [Int], normed: Bool, taps: inout Taps) -> [Tensor] {
        tokens(image, blocks: blocks, normed: normed, taps: &taps).map { map(of: $0, image: image) }
    }
}
