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
    /// By how much each map is then larger than the grid of patches, resized bilinearly; nil: all as large as the grid.
    package let factors: [Double]?

    package init(blocks: [Int], areNormed: Bool, factors: [Double]? = nil) {
        self.blocks = blocks
        self.areNormed = areNormed
        self.factors = factors
    }

    /// A pyramid of strides 4, 8, 16 and 32 from patches of 16: after a third, a half, two thirds and all of the blocks, without the last
    /// norm. As in Rein (Wei et al., CVPR 2024) and GKD: blocks 3, 5, 7, 11 of 12.
    package static func pyramid(depth: Int) -> TokenStages {
        TokenStages(blocks: [depth / 3, depth / 2, depth * 2 / 3, depth].map { $0 - 1 }, areNormed: false, factors: [4, 2, 1, 0.5])
    }

    /// The four stages of a backbone: of a plain transformer those named by `tokens`.
    static func maps(of backbone: Backbone, _ tokens: TokenStages?, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        guard let tokens, let transformer = backbone as? any TokenBackbone else { return backbone.stages(image, taps: &taps) }
        let maps = transformer.maps(image, blocks: tokens.blocks, normed: tokens.areNormed, taps: &taps)
        guard let factors = tokens.factors else { return maps }
        return zip(maps, factors).map { map, factor in
            factor == 1 ? map : F.bilinear(map, map.shape.suffix(2).map { max(1, Int(Double($0) * factor)) })
        }
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
