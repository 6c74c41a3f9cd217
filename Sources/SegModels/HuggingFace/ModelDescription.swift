import Foundation
import Support
import Torch
import TorchNN

/// What a folder in Hugging Face layout says of its network: enough to build it again, without its weights.
public struct ModelDescription: Codable, Sendable, Equatable {
    /// `config.json` as it was read.
    public let config: String
    /// `preprocessor_config.json` as it was read, where there is one: how to feed the network.
    public let preprocessor: String?

    /// - Throws: `UserError` when there is no config.json.
    init(ofFolder folder: URL) throws {
        let url = folder.appendingPathComponent("config.json")
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw UserError(
                "found no config.json in \(folder.path)",
                hint: "Give a folder in Hugging Face layout (config.json and *.safetensors), or a file of weights and the model's name.")
        }
        config = text
        preprocessor = try? String(contentsOf: folder.appendingPathComponent("preprocessor_config.json"), encoding: .utf8)
    }

    /// The names of the classes, in the order of the scores: `id2label`. Empty when it doesn't say.
    public var classNames: [String] { (try? HuggingFaceConfig(config, source: "config.json").classNames()) ?? [] }

    /// The network with random weights, or with those of memory inside ``withoutInitialization(_:)``.
    ///
    /// - Parameters:
    ///   - classes: instead of the number that the description has.
    ///   - source: where the description comes from, for messages.
    /// - Throws: `UserError` when the architecture is none that this package has, or a value is wrong.
    func make(classes: Int? = nil, source: String) throws -> VisionModel {
        let (read, settings) = try read(source: source)
        let model = try HuggingFaceFamily.make(classes.map(read.with) ?? read)
        if let settings {
            model.card.normalization = try Normalization(settings, otherwise: model.card.normalization)
        }
        if model.card.name.isEmpty { model.card.name = URL(fileURLWithPath: source).lastPathComponent }
        model.origin = self
        return model
    }

    /// Both files as objects.
    /// - Throws: `UserError` when one is none.
    func read(source: String) throws -> (config: HuggingFaceConfig, preprocessor: HuggingFaceConfig?) {
        (
            try HuggingFaceConfig(config, source: "\(source)/config.json"),
            try preprocessor.map { try HuggingFaceConfig($0, source: "\(source)/preprocessor_config.json") }
        )
    }

    /// The same as a network that segments.
    /// - Throws: also `UserError` when it has no head that does.
    public func segmenter(classes: Int? = nil, source: String) throws -> SegmentationModel {
        let model = try make(classes: classes, source: source)
        guard let segmenter = model as? SegmentationModel else {
            throw UserError(
                "\(source) holds a backbone without a segmentation head",
                hint: "Name a model with a head (segdistill models list) and give the folder as its 'weights', with 'reinitialize: [head]'."
            )
        }
        return segmenter
    }
}
