import TorchNN

extension VisionTransformer {
    /// What a plain vision transformer's shapes and arithmetic follow from; the defaults are ViT-S/16's (Dosovitskiy et al. 2021).
    public struct Configuration: Sendable, Equatable {
        /// Channels of a token.
        public var width = 384
        public var depth = 12
        public var heads = 6
        /// Channels inside the MLP.
        public var hidden = 1536
        public var patch = 16
        /// Whether patch kernels of another size, in a file, are resized on loading; otherwise they are refused.
        public var resizesPatches = false
        /// The side of the images that learned positions are for.
        public var imageSize = 224
        public var activation = Activation.Kind.gelu
        public var eps = 1e-6

        /// SigLIP has no class token, and pools in another way.
        public var hasClassToken = true
        /// DeiT's second token, which learns from a teacher.
        public var hasDistillationToken = false
        /// Tokens without a place, between the class token and the patches (Darcet et al. 2024).
        public var registers = 0

        /// Learned positions, added to the tokens; nil: none.
        public var positions: Positions? = Positions()
        /// Positions that turn queries and keys; nil: none.
        public var rotary: Rotary?

        public var hasPatchBias = true
        /// Of query, key and value.
        public var hasAttentionBias = true
        public var hasProjectionBias = true
        public var hasMLPBias = true
        /// Initial factor of each residual branch; nil: there is none.
        public var layerScale: Double?
        /// How likely a residual branch is left out while training, in the last block; growing from nothing in the first.
        public var dropPath = 0.0
        public var mlp = MLP.plain
        /// CLIP normalises the tokens before the first block.
        public var hasNormBefore = false
        public var hasFinalNorm = true
        public var pooling = Pooling.classToken
        /// Whether the distillation token has a classifier of its own, whose scores are averaged with the class token's.
        public var hasDistillationHead = true
        /// Whose form it has: decides how its files are named.
        public var family = Family.vit

        public init() {}
    }

    public enum Family: Sendable, Equatable, CaseIterable {
        case vit, deit, dino, mae, dinov2, dinov2Registers, dinov3, clip, siglip, eva02
    }

    /// Learned positions.
    public struct Positions: Sendable, Equatable {
        /// How many tokens before the patches have a position of their own.
        public var prefix = 1
        public var resizing = PositionResizing.bicubic

        public init(prefix: Int = 1, resizing: PositionResizing = .bicubic) {
            self.prefix = prefix
            self.resizing = resizing
        }
    }

    /// How learned positions reach other sizes; bicubic, where nothing else is said.
    public enum PositionResizing: Sendable, Equatable {
        /// As transformers does it.
        case bicubic
        /// Bilinear, as DPT does it.
        case bilinear
        /// As timm does it, and DINOv2 with registers.
        case antialiased
        /// As the authors of DINO and DINOv2 do it: the factor is that of a size larger by a tenth of a patch.
        case offset
    }

    /// Positions as angles.
    public enum Rotary: Sendable, Equatable {
        /// DINOv3: centres of patches in [−1, 1]; the halves of a head's channels turn with one another.
        case centered(theta: Double)
        /// EVA-02: rows and columns scaled to a grid of `reference` patches; neighbouring channels turn with one another.
        case index(theta: Double, reference: Int)
    }

    public enum MLP: Sendable, Equatable {
        case plain
        /// Gated (Shazeer 2020); with a normalisation of its hidden channels in larger EVA-02.
        case gated(isNormed: Bool)
    }

    /// What an image classifier sees.
    public enum Pooling: Sendable, Equatable {
        case classToken
        /// DINOv2's: class token beside the mean of the patches.
        case classTokenAndMean
        /// The mean of the patches; through a normalisation of its own where the tokens go through none.
        case mean
    }
}
