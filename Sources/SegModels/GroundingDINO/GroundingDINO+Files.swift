import Foundation
import Support
import Torch
import TorchNN

extension GroundingDINO {
    /// The `model_type`s of its folders.
    static let modelTypes = ["grounding-dino", "mm-grounding-dino"]
    static let architectures = ["GroundingDinoForObjectDetection", "MMGroundingDinoForObjectDetection"]

    /// Whether a folder says that it holds such a detector.
    public static func isThere(_ folder: URL) -> Bool { modelTypes.contains(ModelFolder.modelType(folder)) }

    /// The detector of a folder in transformers' layout, with its weights, on the CPU, in float32 and in eval mode.
    /// - Throws: `UserError` when the folder holds something else, or a network that this package has no code for; `LoadError` with the
    ///   names when its tensors do not fit; `TensorFileError`.
    public static func load(_ folder: URL) throws -> GroundingDINO {
        let (model, preprocessor) = try ModelFolder(folder).load { try GroundingDINO($0) }
        if let size = try preprocessor?.object("size", isOptional: true) {
            model.imageSides.shorter = try size.int("shortest_edge", model.imageSides.shorter)
            model.imageSides.longer = try size.int("longest_edge", model.imageSides.longer)
            guard model.imageSides.shorter > 0, model.imageSides.longer >= model.imageSides.shorter else {
                throw UserError("\(size.source): the edges are \(model.imageSides)", hint: "Expected a shortest_edge and a longest_edge.")
            }
        }
        return model
    }

    /// How many pieces of words the detector of a folder takes.
    /// - Throws: `UserError` when the folder holds something else.
    public static func pieceLimit(_ folder: URL) throws -> Int {
        let config = try ModelDescription(ofFolder: folder).read(source: folder.path).config
        try check(config)
        return try config.int("max_text_len", Configuration().maxPieces)
    }

    /// Refuses prompts that the network has no vectors for.
    /// - Throws: `UserError`.
    public func check(_ prompt: TextPrompt) throws {
        let (pieces, places) = (textBackbone.wordEmbeddings.weight.size(0), textBackbone.positionEmbeddings.weight.size(0))
        let largest = prompt.ids.max() ?? 0
        guard largest < pieces else {
            throw UserError(
                "the tokenizer gives piece \(largest), and the detector knows \(pieces)",
                hint: "Fetch tokenizer and weights from one place.")
        }
        if let phrase = prompt.ranges.firstIndex(where: { $0.count >= places }) {
            throw UserError("the phrase '\(prompt.phrases[phrase])' is longer than \(places - 1) pieces", hint: "Say it in fewer words.")
        }
    }

    private static func check(_ config: HuggingFaceConfig) throws {
        guard modelTypes.contains(config.modelType) else {
            throw UserError(
                "\(config.source): '\(config.modelType)' is no detector that reads text",
                hint: "Expected the folder of a Grounding DINO, such as IDEA-Research/grounding-dino-tiny.")
        }
    }

    convenience init(_ config: HuggingFaceConfig) throws {
        try Self.check(config)
        if let architecture = config.architecture, !Self.architectures.contains(architecture) {
            throw UserError(
                "\(config.source): '\(architecture)' has no boxes", hint: "Expected \(Self.architectures.joined(separator: " or ")).")
        }
        let inner = try config.object("backbone_config")
        try inner.require("model_type", in: ["swin"], default: "swin")
        let backbone = try Swin(inner, isBackbone: true)
        let stages = try inner.outputStages().sorted().map { $0 - 1 }
        let shape = try Configuration(config, levels: stages.count)
        try self.init(shape, backbone, stages: stages, text: BERT.Configuration(config.object("text_config", isOptional: true)))
    }

    /// transformers' names. Where every name of a file begins with `model.`, that counts as a wrapper's and is gone.
    var fileMaps: [KeyMap] {
        backbone.keyMaps.filter { $0.origin == .transformers }.flatMap { below in
            ["model.", ""].map { .joining(headMap($0), below, dropping: backbone.classifierTensors) }
        }
    }

    /// - Parameter place: before all names but those of the heads for boxes and scores.
    private func headMap(_ place: String) -> KeyMap {
        let bert = "\(place)text_backbone."
        let layer = (file: "\(bert)encoder.layer.*.", own: "text_backbone.layers.*.")
        let text: [KeyMap.Rule] = [
            .drop("\(bert)embeddings.position_ids"), .drop("\(bert)pooler.*"),
            .rename("\(bert)embeddings.LayerNorm.*", to: "text_backbone.norm.*"), .rename("\(bert)embeddings.*", to: "text_backbone.*"),
            .rename("\(layer.file)attention.self.*", to: "\(layer.own)attn.*"),
            .rename("\(layer.file)attention.output.dense.*", to: "\(layer.own)attn.out_proj.*"),
            .rename("\(layer.file)attention.output.LayerNorm.*", to: "\(layer.own)norm1.*"),
            .rename("\(layer.file)intermediate.dense.*", to: "\(layer.own)mlp.fc1.*"),
            .rename("\(layer.file)output.dense.*", to: "\(layer.own)mlp.fc2.*"),
            .rename("\(layer.file)output.LayerNorm.*", to: "\(layer.own)norm2.*"),
        ]
        // Heads are the decoder's too, and the same where all are shared: files hold each under one of its names, or under all.
        func heads(_ name: String, areShared: Bool) -> [KeyMap.Rule] {
            let first: [KeyMap.Rule] = areShared ? [.rename("\(name).0.*", to: "\(name).0.*"), .drop("\(name).*")] : []
            return [.copy("\(place)decoder.\(name).*", to: "\(name).*"), .drop("\(place)decoder.\(name).*")] + first
        }
        let parts = [
            "input_proj_vision", "text_projection", "query_position_embeddings", "encoder", "decoder", "enc_output", "enc_output_norm",
            "encoder_output_bbox_embed", "encoder_output_class_embed",
        ]
        let rules =
            text + heads("bbox_embed", areShared: configuration.sharesBoxHead) + heads("class_embed", areShared: configuration.sharesScore)
            + parts.map { .rename("\(place)\($0).*", to: "\($0).*") } + [.rename("\(place)level_embed", to: "level_embed")]
        return KeyMap(
            "transformers' Grounding DINO", .transformers, recognizedBy: ["\(bert)embeddings.word_embeddings.weight"], rules: rules,
            backbonePrefix: "\(place)backbone.conv_encoder.model.")
    }
}

extension GroundingDINO.Configuration {
    fileprivate init(_ config: HuggingFaceConfig, levels: Int) throws {
        self.init()
        isMM = config.modelType == "mm-grounding-dino"
        guard try config.bool("two_stage", true), try config.int("query_dim", 4) == 4 else {
            throw UserError(
                "\(config.source): queries that do not start as boxes of pixels", hint: "Expected two_stage and a query_dim of 4.")
        }
        try config.require("position_embedding_type", in: ["sine"], default: "sine")
        width = try config.int("d_model", width)
        self.levels = try config.int("num_feature_levels", self.levels)
        queries = try config.int("num_queries", queries)
        encoderLayers = try config.int("encoder_layers", encoderLayers)
        encoderHeads = try config.int("encoder_attention_heads", encoderHeads)
        encoderHidden = try config.int("encoder_ffn_dim", encoderHidden)
        encoderPoints = try config.int("encoder_n_points", encoderPoints)
        decoderLayers = try config.int("decoder_layers", decoderLayers)
        decoderHeads = try config.int("decoder_attention_heads", decoderHeads)
        decoderHidden = try config.int("decoder_ffn_dim", decoderHidden)
        decoderPoints = try config.int("decoder_n_points", decoderPoints)
        activation = try config.activation("activation_function", .relu)
        eps = try config.double("layer_norm_eps", eps)
        temperature = try config.double("positional_embedding_temperature", temperature)
        maxPieces = try config.int("max_text_len", maxPieces)
        // MM-Grounding-DINO's configurations had neither at first, and each of its layers has heads of its own.
        sharesBoxHead = try config.bool("decoder_bbox_embed_share", !isMM)
        sharesScore = try config.bool("decoder_cls_embed_share", !isMM)
        try check(config.source, levels)
    }

    private func check(_ source: String, _ maps: Int) throws {
        func require(_ condition: Bool, _ message: String) throws {
            guard condition else { throw UserError("\(source): \(message)", hint: "Is the file as transformers wrote it?") }
        }
        let counts = [encoderLayers, encoderPoints, decoderLayers, decoderPoints, queries, maxPieces, decoderHeads, encoderHeads]
        try require(counts.allSatisfy { $0 > 0 }, "layers, heads, points, queries and max_text_len must be positive, found \(counts)")
        try require(width > 0 && width % 32 == 0, "d_model is \(width); the norms have 32 groups")
        try require(encoderHeads % 2 == 0, "encoder_attention_heads is \(encoderHeads); words have half as many")
        let divides = [encoderHeads, decoderHeads].allSatisfy { width % $0 == 0 } && encoderHidden % encoderHeads == 0
        try require(
            divides, "heads (\(encoderHeads), \(decoderHeads)) do not divide d_model (\(width)) and encoder_ffn_dim (\(encoderHidden))")
        try require((maps...10).contains(levels), "num_feature_levels is \(levels), and the backbone gives \(maps) maps")
    }
}

extension BERT.Configuration {
    fileprivate init(_ config: HuggingFaceConfig) throws {
        self.init()
        try config.require("model_type", in: ["bert"], default: "bert")
        try config.require("position_embedding_type", in: ["absolute"], default: "absolute")
        width = try config.int("hidden_size", width)
        layers = try config.int("num_hidden_layers", layers)
        heads = try config.int("num_attention_heads", heads)
        try config.requireHeads([(heads, width)])
        hidden = try config.int("intermediate_size", hidden)
        pieces = try config.int("vocab_size", pieces)
        places = try config.int("max_position_embeddings", places)
        kinds = try config.int("type_vocab_size", kinds)
        activation = try config.activation("hidden_act", .gelu)
        eps = try config.double("layer_norm_eps", eps)
    }
}
