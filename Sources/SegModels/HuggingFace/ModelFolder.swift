import Foundation
import Support
import TensorFiles
import Torch
import TorchNN

/// A model in Hugging Face layout: `config.json` decides the architecture and its sizes, `*.safetensors` (or shards, or
/// `pytorch_model.bin`) hold the weights, and `preprocessor_config.json`, where there is one, says how to feed it.
public struct ModelFolder {
    public let url: URL
    public let description: ModelDescription

    /// Whether `url` is a folder with a `config.json`.
    public static func isThere(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.appendingPathComponent("config.json").path)
    }

    /// - Throws: `UserError` when there is no config.json.
    public init(_ url: URL) throws {
        self.url = url
        description = try ModelDescription(ofFolder: url)
    }

    /// The network that the folder describes, with its weights, on the CPU, in eval mode and in the file's own type.
    ///
    /// The weights are the mapped file itself: nothing is copied but what the network keeps in another shape (query, key and
    /// value in one matrix).
    /// - Throws: `UserError`, `LoadError` with the names, `TensorFileError`.
    public func load() throws -> VisionModel {
        let model = try withoutInitialization { try description.make(source: url.path) }
        return try fill(model).eval()
    }

    /// A network that is no encoder or segmenter of images alone, in float32, and what `preprocessor_config.json` says.
    func load<Network: VisionModel>(
        _ make: (HuggingFaceConfig) throws -> Network
    ) throws -> (model: Network, preprocessor: HuggingFaceConfig?) {
        let (config, preprocessor) = try description.read(source: url.path)
        let model = try withoutInitialization { try make(config) }
        if let preprocessor { model.card.normalization = try Normalization(preprocessor, otherwise: model.card.normalization) }
        return (try fill(model).to(dtype: .float32).eval(), preprocessor)
    }

    /// `model_type` of a folder's `config.json`; "" where there is none.
    static func modelType(_ url: URL) -> String {
        guard let found = try? ModelDescription(ofFolder: url).read(source: url.path) else { return "" }
        return found.config.modelType
    }

    private func fill<Network: VisionModel>(_ model: Network) throws -> Network {
        let archive = try TensorArchive.open(url)
        let tensors = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, Tensor.mapped($0)) })
        try model.load(complete: tensors, from: url.path)
        // Query, key and value have been copied into one matrix: their pages of the file would be a second copy.
        archive.releasePages()
        return model
    }
}

extension HuggingFaceFamily {
    /// The network that a configuration describes.
    /// - Throws: `UserError` when the architecture is none that this package has.
    static func make(_ config: HuggingFaceConfig) throws -> VisionModel {
        if let name = config.timmName { return try Models.backbone(timm: name, config) }
        if GroundingDINO.modelTypes.contains(config.modelType) {
            throw UserError(
                "\(config.source): '\(config.modelType)' is a detector that reads text",
                hint: "It finds objects by name: segdistill predict FOLDER PICTURES --segmenter SAM2_FOLDER --classes \"car . person .\"")
        }
        guard let family = all.first(where: { $0.modelType == config.modelType }) else {
            let found =
                config.modelType.isEmpty
                ? "there is no model_type" : "model_type is '\(config.modelType)', which this package does not have"
            throw UserError(
                "\(config.source): \(found)", hint: "It has: \(all.map(\.modelType).sorted().joined(separator: ", ")).")
        }
        if let architecture = config.architecture, !family.architectures.contains(architecture) {
            throw UserError(
                "\(config.source): '\(architecture)' is an architecture that this package does not have",
                hint: "Of \(family.modelType) it has: \(family.architectures.joined(separator: ", ")).")
        }
        return try family.make(config)
    }
}

extension Models {
    /// A timm folder's network: `architecture` names it, `num_classes` its classifier.
    static func backbone(timm name: String, _ config: HuggingFaceConfig) throws -> Backbone {
        let architecture = String(name.prefix { $0 != "." })
        guard backboneNames.contains("timm:\(architecture)") else {
            let near = nearestName(to: "timm:\(architecture)", in: backboneNames.filter { $0.hasPrefix("timm:") })
            throw UserError(
                "\(config.source): timm's '\(architecture)' is a network that this package does not have",
                hint: (near.map { "The nearest is \($0); " } ?? "") + "'segdistill models list' shows all.")
        }
        let classes = try config.int("num_classes", 0)
        let backbone = try Models.backbone("timm:\(architecture)", classes: classes > 0 ? classes : nil)
        let pixels = try config.object("pretrained_cfg", isOptional: true)
        backbone.card.normalization = Normalization(
            mean: try pixels.doubles("mean", backbone.card.normalization.mean),
            std: try pixels.doubles("std", backbone.card.normalization.std))
        backbone.card.inputSize = try pixels.ints("input_size", []).last ?? backbone.card.inputSize
        return backbone
    }
}

extension Normalization {
    /// What a `preprocessor_config.json` asks for.
    init(_ config: HuggingFaceConfig, otherwise fallback: Normalization) throws {
        let isNormalized = try config.bool("do_normalize", true)
        let scale = try config.bool("do_rescale", true) ? try config.double("rescale_factor", 1 / 255.0) : 1
        let order = try config.bool("do_flip_channel_order", false) ? ChannelOrder.bgr : fallback.order
        self.init(
            order: order, scale: scale, mean: isNormalized ? try config.doubles("image_mean", fallback.mean) : [0, 0, 0],
            std: isNormalized ? try config.doubles("image_std", fallback.std) : [1, 1, 1])
    }
}
