import Foundation
import Support
import Torch
import TorchNN

extension SAM2 {
    /// The network of a `Sam2Model`'s or `Sam2VideoModel`'s folder, with its weights, on the CPU, in float32 and in eval mode.
    /// - Throws: `UserError` when the folder holds something else, `LoadError` with the names when its tensors do not fit;
    ///   `TensorFileError`.
    public static func load(_ folder: URL) throws -> SAM2 { try ModelFolder(folder).load { try SAM2($0) }.model }

    convenience init(_ config: HuggingFaceConfig) throws {
        guard ["sam2", "sam2_video"].contains(config.modelType) else {
            throw UserError(
                "\(config.source): '\(config.modelType)' is no SAM 2",
                hint: "Expected the folder of a Sam2Model, such as facebook/sam2.1-hiera-tiny.")
        }
        let (prompts, masks) = try (
            config.object("prompt_encoder_config", isOptional: true), config.object("mask_decoder_config", isOptional: true)
        )
        let backbone = try HieraDet(whole: config)
        let decoder = try MaskDecoder.Configuration(masks)
        let (side, patch) = try (prompts.side("image_size", 1024), prompts.side("patch_size", 16))
        let neck = backbone.configuration.neck
        guard neck?.levels == 3, neck?.width == decoder.width, try prompts.int("hidden_size", 256) == decoder.width else {
            throw UserError(
                "\(config.source): the encoder's \(neck?.levels ?? 0) maps are \(neck?.width ?? 0) wide, the decoder is \(decoder.width)",
                hint: "Expected three maps, all of one width.")
        }
        guard side > 0, side % patch == 0, backbone.strides[2] == patch, try prompts.int("num_point_embeddings", 4) == 4 else {
            throw UserError(
                "\(prompts.source): images of \(side) with patches of \(patch), and maps of stride \(backbone.strides[2])",
                hint: "Expected patches as large as the third map's stride, and four kinds of points.")
        }
        self.init(backbone, side: side, points: 4, scale: try prompts.double("scale", 1), decoder: decoder)
    }

    /// transformers' names, those of videos dropped; prompts that are masks are not for this package. Versions 4.56 and 4.57 save the waves of
    /// image and prompts, which are the same, once.
    var fileMaps: [KeyMap] {
        let video = [
            "memory_*", "mask_downsample.*", "object_pointer_*", "temporal_positional_encoding_projection_layer.*", "no_object_pointer",
            "no_memory_positional_encoding", "occlusion_spatial_embedding_parameter", "prompt_encoder.mask_embed.*",
        ].map(KeyMap.Rule.drop)
        let projections = ["q_proj": "query", "k_proj": "key", "v_proj": "value", "o_proj": "out_proj"].sorted { $0.key < $1.key }
        let head = KeyMap(
            "transformers' SAM 2", .transformers, recognizedBy: ["mask_decoder.iou_token.weight"],
            rules: video + projections.map { .rename("mask_decoder.*.\($0.key).*", to: "mask_decoder.*.\($0.value).*") }
                + [.copy("shared_image_embedding.*", to: "prompt_encoder.shared_embedding.*")],
            backbonePrefix: "vision_encoder.")
        return backbone.keyMaps.filter { $0.origin == .transformers }.map { .joining(head, $0) }
    }
}

extension MaskDecoder.Configuration {
    fileprivate init(_ config: HuggingFaceConfig) throws {
        self.init()
        try config.require("hidden_act", in: ["gelu"], default: "gelu")
        width = try config.int("hidden_size", width)
        layers = try config.int("num_hidden_layers", layers)
        heads = try config.int("num_attention_heads", heads)
        hidden = try config.int("mlp_dim", hidden)
        shrinking = try config.int("attention_downsample_rate", shrinking)
        alternatives = try config.int("num_multimask_outputs", alternatives)
        scoreLayers = try config.int("iou_head_depth", scoreLayers)
        scoreHidden = try config.int("iou_head_hidden_dim", scoreHidden)
        replacesUnstable = try config.bool("dynamic_multimask_via_stability", replacesUnstable)
        stabilityDelta = try config.double("dynamic_multimask_stability_delta", stabilityDelta)
        stabilityThreshold = try config.double("dynamic_multimask_stability_thresh", stabilityThreshold)
        let isSound =
            width > 0 && width % 8 == 0 && layers >= 2 && scoreLayers >= 2 && alternatives >= 0 && heads > 0 && shrinking > 0
            && width % (shrinking * heads) == 0
        guard isSound else {
            throw UserError(
                "\(config.source): hidden_size \(width), num_attention_heads \(heads), attention_downsample_rate \(shrinking), "
                    + "\(layers) and \(scoreLayers) layers", hint: "Is the file as transformers wrote it?")
        }
    }
}
