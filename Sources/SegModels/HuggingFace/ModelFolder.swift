import Foundation
import Support
import Torch
import TorchNN

/// A model in Hugging Face layout: `config.json` decides the architecture and its sizes, `*.safetensors` (or shards) hold the weights.
public struct ModelFolder {
    public let url: URL
    let config: HuggingFaceConfig

    /// - Throws: `UserError` when there is no config.json, or one of an architecture that this package does not have.
    public init(_ url: URL) throws {
        self.url = url
        config = try HuggingFaceConfig(contentsOf: url.appendingPathComponent("config.json"))
    }

    /// Network and weights, on the CPU, in eval mode.
    /// - Throws: `UserError`, `LoadError` with the names, `TensorFileError`.
    public func load() throws -> VisionModel {
        let model = try make()
        let (found, _) = try model.renamed(Tensor.load(url), from: url.path)
        model.adapt(to: found.mapValues(\.shape))
        try model.load(found, from: url.path)
        return model.eval()
    }

    private func make() throws -> VisionModel {
        guard let family = HuggingFaceFamily.all.first(where: { $0.modelType == config.modelType }) else {
            throw UserError(
                "\(config.source): model_type is '\(config.modelType)', which this package does not have",
                hint: "It has: \(HuggingFaceFamily.all.map(\.modelType).sorted().joined(separator: ", ")).")
        }
        if let architecture = config.architecture, !family.architectures.contains(architecture) {
            throw UserError(
                "\(config.source): '\(architecture)' is an architecture that this package does not have",
                hint: "Of \(family.modelType) it has: \(family.architectures.joined(separator: ", ")).")
        }
        return try family.make(config)
    }
}
