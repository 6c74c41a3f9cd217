import Torch
import TorchNN

extension VisionTransformer {
    /// The maps of transformers' layout first, which is also the one that this network is written in.
    var fileMaps: [KeyMap] {
        let bare = transformersMap(prefix: "")
        let prefixed = transformersPrefixes.map { transformersMap(prefix: $0) }
        let theirs = head == nil ? [bare] + prefixed : prefixed + [bare]
        return theirs + [Self.torchvision, official, timm]
    }

    // MARK: transformers

    /// What stands before the names of a network inside a larger one: its classifier's, or CLIP's.
    private var transformersPrefixes: [String] {
        switch configuration.family {
        case .vit, .dino, .eva02: ["vit."]
        case .deit: ["deit."]
        case .mae: ["vit."]
        case .dinov2: ["dinov2."]
        case .dinov2Registers: ["dinov2_with_registers."]
        case .dinov3: ["dinov3_vit."]
        case .clip, .siglip: ["vision_model."]
        }
    }

    private func transformersMap(prefix: String) -> KeyMap {
        let rules: [KeyMap.Rule]
        let first: String
        switch configuration.family {
        case .clip, .siglip: (rules, first) = (Self.clip(prefix), "embeddings.patch_embedding.weight")
        case .dinov3: (rules, first) = (dinov3(prefix), "embeddings.patch_embeddings.weight")
        case .dinov2, .dinov2Registers: (rules, first) = (Self.dinov2(prefix), "embeddings.patch_embeddings.projection.weight")
        default: (rules, first) = (Self.vit(prefix), "embeddings.patch_embeddings.projection.weight")
        }
        return KeyMap("transformers' vision transformer", .transformers, recognizedBy: [prefix + first], rules: rules, isBackbone: true)
    }

    private static func embeddings(_ prefix: String) -> [KeyMap.Rule] {
        [
            .rename("\(prefix)embeddings.cls_token", to: "cls_token"),
            .rename("\(prefix)embeddings.distillation_token", to: "dist_token"),
            .rename("\(prefix)embeddings.register_tokens", to: "reg_token"),
            .rename("\(prefix)embeddings.position_embeddings", to: "pos_embed"), .drop("\(prefix)embeddings.mask_token"),
            .rename("\(prefix)embeddings.patch_embeddings.projection.*", to: "patch_embed.proj.*"),
            .rename("\(prefix)layernorm.*", to: "norm.*"), .drop("\(prefix)pooler.*"), .drop("decoder.*"),
            .rename("classifier.*", to: "head.*"), .rename("cls_classifier.*", to: "head.*"),
            .rename("distillation_classifier.*", to: "head_dist.*"),
        ]
    }

    /// Query, key and value under the names of the files, and under those that transformers 5 has in memory.
    private static func attention(_ layer: String, to block: String) -> [KeyMap.Rule] {
        [
            .join(["query", "key", "value"].map { "\(layer).attention.attention.\($0).*" }, to: "\(block).attn.qkv.*"),
            .join(["q", "k", "v"].map { "\(layer).attention.\($0)_proj.*" }, to: "\(block).attn.qkv.*"),
            .rename("\(layer).attention.output.dense.*", to: "\(block).attn.proj.*"),
            .rename("\(layer).attention.o_proj.*", to: "\(block).attn.proj.*"),
        ]
    }

    private static func vit(_ prefix: String) -> [KeyMap.Rule] {
        ["encoder.layer", "layers"].flatMap { list -> [KeyMap.Rule] in
            let layer = "\(prefix)\(list).*"
            return attention(layer, to: "blocks.*") + [
                .rename("\(layer).layernorm_before.*", to: "blocks.*.norm1.*"),
                .rename("\(layer).layernorm_after.*", to: "blocks.*.norm2.*"),
                .rename("\(layer).intermediate.dense.*", to: "blocks.*.mlp.fc1.*"),
                .rename("\(layer).output.dense.*", to: "blocks.*.mlp.fc2.*"), .rename("\(layer).mlp.*", to: "blocks.*.mlp.*"),
            ]
        } + embeddings(prefix)
    }

    private static func dinov2(_ prefix: String) -> [KeyMap.Rule] {
        let layer = "\(prefix)encoder.layer.*"
        return attention(layer, to: "blocks.*") + [
            .rename("\(layer).layer_scale1.lambda1", to: "blocks.*.ls1.gamma"),
            .rename("\(layer).layer_scale2.lambda1", to: "blocks.*.ls2.gamma"),
            .rename("\(layer).mlp.weights_in.*", to: "blocks.*.mlp.w12.*"),
            .rename("\(layer).mlp.weights_out.*", to: "blocks.*.mlp.w3.*"),
            .join(["\(layer).mlp.gate_proj.*", "\(layer).mlp.up_proj.*"], to: "blocks.*.mlp.w12.*"),
            .rename("\(layer).mlp.down_proj.*", to: "blocks.*.mlp.w3.*"), .rename("\(layer).*", to: "blocks.*.*"),
        ] + embeddings(prefix)
    }

    private func dinov3(_ prefix: String) -> [KeyMap.Rule] {
        let registers: [KeyMap.Rule] = configuration.registers == 0 ? [.drop("\(prefix)embeddings.register_tokens")] : []
        let layers = ["layer", "model.layer"].flatMap { list -> [KeyMap.Rule] in
            let layer = "\(prefix)\(list).*"
            let mlp: [KeyMap.Rule] =
                configuration.mlp == .plain
                ? [
                    .rename("\(layer).mlp.up_proj.*", to: "blocks.*.mlp.fc1.*"),
                    .rename("\(layer).mlp.down_proj.*", to: "blocks.*.mlp.fc2.*"),
                ]
                : [
                    .join(["\(layer).mlp.gate_proj.*", "\(layer).mlp.up_proj.*"], to: "blocks.*.mlp.w12.*"),
                    .rename("\(layer).mlp.down_proj.*", to: "blocks.*.mlp.w3.*"),
                ]
            return mlp + [
                .join(["q", "k", "v"].map { "\(layer).attention.\($0)_proj.*" }, to: "blocks.*.attn.qkv.*", orZeros: true),
                .rename("\(layer).attention.o_proj.*", to: "blocks.*.attn.proj.*"),
                .rename("\(layer).layer_scale1.lambda1", to: "blocks.*.ls1.gamma"),
                .rename("\(layer).layer_scale2.lambda1", to: "blocks.*.ls2.gamma"), .rename("\(layer).*", to: "blocks.*.*"),
            ]
        }
        let own: [KeyMap.Rule] = [
            .rename("\(prefix)embeddings.patch_embeddings.*", to: "patch_embed.proj.*"), .rename("\(prefix)norm.*", to: "norm.*"),
        ]
        return registers + layers + own + Self.embeddings(prefix)
    }

    /// CLIP's and SigLIP's towers; what reads texts, and what pools, has no place here.
    private static func clip(_ prefix: String) -> [KeyMap.Rule] {
        let layer = "\(prefix)encoder.layers.*"
        return [
            .convert(
                "\(prefix)embeddings.class_embedding", to: "cls_token", load: { $0.reshape(1, 1, $0.size(-1)) }, save: { $0.reshape(-1) }),
            .convert(
                "\(prefix)embeddings.position_embedding.weight", to: "pos_embed", load: { $0.unsqueeze(0) }, save: { $0.squeeze(0) }),
            .drop("*position_ids"), .rename("\(prefix)embeddings.patch_embedding.*", to: "patch_embed.proj.*"),
            .rename("\(prefix)pre_layrnorm.*", to: "norm_pre.*"), .rename("\(prefix)post_layernorm.*", to: "norm.*"),
            .join(["q", "k", "v"].map { "\(layer).self_attn.\($0)_proj.*" }, to: "blocks.*.attn.qkv.*"),
            .rename("\(layer).self_attn.out_proj.*", to: "blocks.*.attn.proj.*"), .rename("\(layer).layer_norm1.*", to: "blocks.*.norm1.*"),
            .rename("\(layer).layer_norm2.*", to: "blocks.*.norm2.*"), .rename("\(layer).mlp.*", to: "blocks.*.mlp.*"),
            .drop("\(prefix)head.*"), .drop("text_model.*"), .drop("*_projection.weight"), .drop("logit_scale"), .drop("logit_bias"),
        ]
    }

    // MARK: others

    private static let torchvision = KeyMap(
        "torchvision's ViT", .torchvision, recognizedBy: ["conv_proj.weight"],
        rules: [
            .rename("class_token", to: "cls_token"), .rename("conv_proj.*", to: "patch_embed.proj.*"),
            .rename("encoder.pos_embedding", to: "pos_embed"), .rename("encoder.ln.*", to: "norm.*"), .rename("heads.head.*", to: "head.*"),
            .rename("encoder.layers.encoder_layer_*.ln_1.*", to: "blocks.*.norm1.*"),
            .rename("encoder.layers.encoder_layer_*.ln_2.*", to: "blocks.*.norm2.*"),
            .rename("encoder.layers.encoder_layer_*.self_attention.in_proj_*", to: "blocks.*.attn.qkv.*"),
            .rename("encoder.layers.encoder_layer_*.self_attention.out_proj.*", to: "blocks.*.attn.proj.*"),
            .rename("encoder.layers.encoder_layer_*.mlp.linear_1.*", to: "blocks.*.mlp.fc1.*"),
            .rename("encoder.layers.encoder_layer_*.mlp.linear_2.*", to: "blocks.*.mlp.fc2.*"),
            .rename("encoder.layers.encoder_layer_*.mlp.0.*", to: "blocks.*.mlp.fc1.*"),
            .rename("encoder.layers.encoder_layer_*.mlp.3.*", to: "blocks.*.mlp.fc2.*"),
        ],
        isBackbone: true)

    /// DINOv2 and DINOv3 as their authors wrote them; a key's bias, which DINOv3 masks, is zero.
    private var official: KeyMap {
        let masked: [KeyMap.Rule] =
            configuration.family == .dinov3
            ? [.convert("blocks.*.attn.qkv.bias", to: "blocks.*.attn.qkv.bias", load: Self.withoutKeyBias, save: { $0 })] : []
        return KeyMap(
            "the authors' DINO", .official, recognizedBy: ["mask_token", "register_tokens", "storage_tokens"],
            butNot: ["decoder_embed.weight"],
            rules: masked + [
                .drop("mask_token"), .rename("register_tokens", to: "reg_token"), .rename("storage_tokens", to: "reg_token"),
                .drop("rope_embed.*"), .drop("*qkv.bias_mask"), .drop("local_cls_norm.*"),
                .join(["blocks.*.mlp.w1.*", "blocks.*.mlp.w2.*"], to: "blocks.*.mlp.w12.*"),
            ],
            isBackbone: true)
    }

    private static let withoutKeyBias: @Sendable (Tensor) -> Tensor = { bias in
        let parts = bias.chunk(3, 0)
        return .concatenate([parts[0], parts[1].zerosLike(), parts[2]], 0)
    }

    /// timm's files, and those of DeiT, DINO and MAE, which have the same names.
    private var timm: KeyMap {
        let gated: [KeyMap.Rule] = [
            .join(["blocks.*.mlp.fc1_g.*", "blocks.*.mlp.fc1_x.*"], to: "blocks.*.mlp.w12.*"),
            .rename("blocks.*.mlp.fc1.*", to: "blocks.*.mlp.w12.*"), .rename("blocks.*.mlp.fc2.*", to: "blocks.*.mlp.w3.*"),
        ]
        let pool: [KeyMap.Rule] = configuration.family == .siglip ? [.drop("attn_pool.*"), .drop("head.*")] : []
        return KeyMap(
            "timm's vision transformer", .timm, recognizedBy: ["patch_embed.proj.weight"],
            rules: (configuration.mlp == .plain ? [] : gated) + pool + [
                .rename("blocks.*.gamma_1", to: "blocks.*.ls1.gamma"), .rename("blocks.*.gamma_2", to: "blocks.*.ls2.gamma"),
                .join(["q", "k", "v"].map { "blocks.*.attn.\($0)_proj.*" }, to: "blocks.*.attn.qkv.*", orZeros: true),
                .join(["q", "k", "v"].map { "blocks.*.attn.\($0)_bias" }, to: "blocks.*.attn.qkv.bias", orZeros: true),
                .drop("mask_token"), .drop("decoder_*"),
            ],
            isBackbone: true)
    }
}
