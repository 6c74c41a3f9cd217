import TorchNN

extension BackboneKind {
    static let visionTransformers: [BackboneKind] = vits + deits + dinos + dinov2s + dinov3s + clips + siglips + eva02s + maes

    private typealias Change = @Sendable (inout VisionTransformer.Configuration, BackboneOptions) -> Void

    /// Channels, blocks and heads of the usual sizes.
    private static let sizes: [String: (width: Int, depth: Int, heads: Int)] = [
        "tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16), "huge": (1280, 32, 16),
        "giant": (1536, 40, 24),
    ]

    private static func row(
        _ name: String, _ size: String, _ family: VisionTransformer.Family, patch: Int = 16, input: Int = 224,
        pixels: Normalization = .imageNet, aliases: [String], license: String, source: String, repository: String? = nil,
        classifies: Bool = true, _ change: @escaping Change = { _, _ in }
    ) -> BackboneKind {
        BackboneKind(
            name, aliases: aliases, normalization: pixels, inputSize: input, patchSize: patch, sizeMultiple: patch, license: license,
            source: source, repository: repository, isPlain: true, classifies: classifies
        ) { options in
            let (width, depth, heads) = sizes[size]!
            var shape = VisionTransformer.Configuration()
            (shape.width, shape.depth, shape.heads, shape.hidden) = (width, depth, heads, 4 * width)
            (shape.patch, shape.imageSize, shape.family) = (patch, input, family)
            change(&shape, options)
            if let side = options.patchSize { shape.takePatches(of: side) }
            return VisionTransformer(shape, classes: options.classes)
        }
    }

    private static let openAI = Normalization(
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73], std: [0.268_629_54, 0.261_302_58, 0.275_777_11])

    private static let vits: [BackboneKind] = [
        ("tiny", 16), ("small", 16), ("small", 32), ("base", 16), ("base", 32), ("large", 16), ("large", 32),
    ].map { size, patch in
        let torchvision = [
            "base16": "torchvision:vit_b_16", "base32": "torchvision:vit_b_32", "large16": "torchvision:vit_l_16",
            "large32": "torchvision:vit_l_32",
        ]["\(size)\(patch)"]
        let repositories = ["base", "large"].contains(size) ? "google/vit-\(size)-patch\(patch)-224-in21k" : nil
        return row(
            "vit-\(size)-patch\(patch)", size, .vit, patch: patch, pixels: .half,
            aliases: ["timm:vit_\(size)_patch\(patch)_224"] + (torchvision.map { [$0] } ?? []), license: "Apache-2.0",
            source: "Dosovitskiy et al. 2021", repository: repositories)
    }

    private static let deits: [BackboneKind] = ["tiny", "small", "base"].flatMap { size in
        [
            row(
                "deit-\(size)", size, .vit, aliases: ["timm:deit_\(size)_patch16_224"], license: "Apache-2.0",
                source: "Touvron et al. 2021",
                repository: "facebook/deit-\(size)-patch16-224"),
            row(
                "deit-\(size)-distilled", size, .deit, aliases: ["timm:deit_\(size)_distilled_patch16_224"], license: "Apache-2.0",
                source: "Touvron et al. 2021", repository: "facebook/deit-\(size)-distilled-patch16-224"
            ) { shape, _ in
                shape.hasDistillationToken = true
                shape.positions = .init(prefix: 2)
            },
        ]
    }

    private static let dinos: [BackboneKind] = [("small", 16), ("small", 8), ("base", 16), ("base", 8)].map { size, patch in
        row(
            "dino-\(size)-patch\(patch)", size, .dino, patch: patch, aliases: ["timm:vit_\(size)_patch\(patch)_224.dino"],
            license: "Apache-2.0", source: "Caron et al. 2021", repository: "facebook/dino-vit\(size.prefix(1))\(patch)"
        ) { shape, options in shape.positions = .init(resizing: options.library == "timm" ? .antialiased : .offset) }
    }

    private static let dinov2s: [BackboneKind] = ["small", "base", "large", "giant"].flatMap { size in
        let change: Change = { shape, options in
            shape.layerScale = 1e-5
            shape.pooling = options.library == "timm" ? .classToken : .classTokenAndMean
            shape.positions = .init(resizing: options.library == "timm" ? .antialiased : .offset)
            if size == "giant" { (shape.mlp, shape.hidden, shape.activation) = (.gated(isNormed: false), 4096, .silu) }
        }
        let (letter, timm) = (size.prefix(1), "timm:vit_\(size)_patch14")
        return [
            row(
                "dinov2-\(size)", size, .dinov2, patch: 14, input: 518, aliases: ["\(timm)_dinov2", "dinov2:dinov2_vit\(letter)14"],
                license: "Apache-2.0", source: "Oquab et al. 2023", repository: "facebook/dinov2-\(size)", change),
            row(
                "dinov2-\(size)-registers", size, .dinov2Registers, patch: 14, input: 518,
                aliases: ["\(timm)_reg4_dinov2", "dinov2:dinov2_vit\(letter)14_reg"], license: "Apache-2.0", source: "Darcet et al. 2024",
                repository: "facebook/dinov2-with-registers-\(size)"
            ) { shape, options in
                change(&shape, options)
                shape.registers = 4
                shape.positions = .init(prefix: options.library == "timm" ? 0 : 1, resizing: .antialiased)
            },
        ]
    }

    private static let dinov3s: [BackboneKind] = ["small", "base", "large"].map { size in
        row(
            "dinov3-\(size)", size, .dinov3, input: 256,
            aliases: ["timm:vit_\(size)_patch16_dinov3", "dinov3:dinov3_vit\(size.prefix(1))16"], license: "DINOv3 License",
            source: "Siméoni et al. 2025", repository: "facebook/dinov3-vit\(size.prefix(1))16-pretrain-lvd1689m"
        ) { shape, options in
            shape.layerScale = 1e-5
            shape.registers = 4
            shape.positions = nil
            shape.rotary = .centered(theta: 100)
            shape.eps = 1e-5
            // timm leaves out the biases, which are zero for keys and small for the others; it pools by the mean.
            if options.library == "timm" { (shape.hasAttentionBias, shape.pooling) = (false, .mean) }
        }
    }

    private static let clips: [BackboneKind] = [("base", 16), ("base", 32), ("large", 14)].flatMap { size, patch in
        [("clip", Activation.Kind.quickGelu, "_quickgelu", "openai/clip-vit-\(size)-patch\(patch)"), ("openclip", .gelu, "", nil)].map {
            prefix, activation, suffix, repository in
            row(
                "\(prefix)-\(size)-patch\(patch)", size, .clip, patch: patch, pixels: openAI,
                aliases: ["timm:vit_\(size)_patch\(patch)_clip\(suffix)_224"]
                    + (prefix == "clip" ? ["timm:vit_\(size)_patch\(patch)_clip\(suffix)_224.openai"] : []), license: "MIT",
                source: prefix == "clip" ? "Radford et al. 2021" : "OpenCLIP", repository: repository
            ) { shape, _ in
                (shape.activation, shape.eps, shape.hasNormBefore, shape.hasPatchBias) = (activation, 1e-5, true, false)
            }
        }
    }

    private static let siglips: [BackboneKind] = [("base", 16, 224), ("large", 16, 256)].map { size, patch, input in
        row(
            "siglip-\(size)-patch\(patch)", size, .siglip, patch: patch, input: input, pixels: .half,
            aliases: ["timm:vit_\(size)_patch\(patch)_siglip_\(input)"], license: "Apache-2.0", source: "Zhai et al. 2023",
            repository: "google/siglip-\(size)-patch\(patch)-\(input)", classifies: false
        ) { shape, options in
            shape.hasClassToken = false
            shape.positions = .init(prefix: 0)
            shape.activation = options.library == "timm" ? .gelu : .geluTanh
        }
    }

    private static let eva02s: [BackboneKind] = [("tiny", 224), ("small", 224), ("base", 448), ("large", 448)].map { size, input in
        row(
            "eva02-\(size)", size, .eva02, patch: 14, input: input, pixels: openAI,
            aliases: input == 224
                ? ["timm:eva02_\(size)_patch14_224", "timm:eva02_\(size)_patch14_336"]
                : ["timm:eva02_\(size)_patch14_448", "timm:eva02_\(size)_patch14_224"],
            license: "MIT", source: "Fang et al. 2023", repository: "timm/eva02_\(size)_patch14_\(input).mim_in22k"
        ) { shape, _ in
            shape.mlp = .gated(isNormed: ["base", "large"].contains(size))
            shape.activation = .silu
            shape.hidden = shape.width * 8 / 3
            shape.rotary = .index(theta: 10_000, reference: 16)
            shape.positions = .init(resizing: .antialiased)
            shape.pooling = .mean
        }
    }

    private static let maes: [BackboneKind] = [("base", 16), ("large", 16), ("huge", 14)].map { size, patch in
        row(
            "mae-\(size)", size, .mae, patch: patch, aliases: ["timm:vit_\(size)_patch\(patch)_224.mae"], license: "CC-BY-NC-4.0",
            source: "He et al. 2022", repository: "facebook/vit-mae-\(size)")
    }
}
