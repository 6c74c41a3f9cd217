import Foundation
import Support
import TensorFiles
import Torch
import TorchNN

extension ModelFolder {
    /// Whether ``write(_:classes:to:)`` knows an architecture of the Hugging Face layout for a network.
    public static func canWrite(_ model: VisionModel) -> Bool {
        configuration(of: model) != nil && transformersMap(model) != nil
    }

    /// Writes a network as a folder that `transformers` loads: config.json, model.safetensors and preprocessor_config.json.
    ///
    /// - Parameter classes: names of the classes, in the order of the scores; they become `id2label`.
    /// - Throws: `UserError` when the layout has no architecture for this network, or the folder exists and is not empty.
    public static func write(_ model: VisionModel, classes: [String] = [], to folder: URL) throws {
        guard var values = configuration(of: model),
            let map = transformersMap(model)
        else {
            throw UserError(
                "the Hugging Face layout has no architecture for \(model.card.name)",
                hint: "Its own checkpoint (model.safetensors) can be used with segdistill everywhere.")
        }
        if !classes.isEmpty {
            values["id2label"] = Dictionary(uniqueKeysWithValues: classes.enumerated().map { (String($0), $1) })
            values["label2id"] = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        }
        let files = FileManager.default
        let present = (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
        guard present.isEmpty else {
            throw UserError("\(folder.path) is not empty", hint: "Give the name of a new folder.")
        }
        let tensors = try map.inverted(model.stateDict())
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        try Tensor.save(tensors, metadata: ["format": "pt"], to: folder.appendingPathComponent("model.safetensors"))
        try write(preprocessor(model.card), to: folder.appendingPathComponent("preprocessor_config.json"))
        // Last: a folder without it is not taken for a model.
        try write(values, to: folder.appendingPathComponent("config.json"))
    }

    private static func transformersMap(_ model: VisionModel) -> KeyMap? {
        model.keyMaps.first { $0.origin == .transformers && (model is Backbone || !$0.isBackbone) }
    }

    private static func configuration(of model: VisionModel) -> [String: any Sendable]? {
        HuggingFaceFamily.all.lazy.compactMap { family in
            family.configuration?(model).map { $0.merging(["model_type": family.modelType]) { $1 } }
        }.first
    }

    private static func preprocessor(_ card: ModelCard) -> [String: any Sendable] {
        var values: [String: any Sendable] = [
            "do_normalize": true, "do_rescale": card.normalization.scale != 1, "rescale_factor": card.normalization.scale,
            "image_mean": card.normalization.mean, "image_std": card.normalization.std, "do_resize": card.inputSize != nil,
        ]
        if let size = card.inputSize { values["size"] = ["height": size, "width": size] }
        if card.normalization.order == .bgr { values["do_flip_channel_order"] = true }
        return values
    }

    private static func write(_ values: [String: any Sendable], to url: URL) throws {
        try AtomicFile.write(Data((try text(values, indent: "") + "\n").utf8), to: url)
    }

    /// JSON with sorted keys. Foundation writes 2.0 as 2, and transformers refuses a whole number where it wants another.
    private static func text(_ value: any Sendable, indent: String) throws -> String {
        switch value {
        case let value as Bool: return String(value)
        case let value as Int: return String(value)
        case let value as Double: return String(describing: value)
        case let value as String:
            return String(
                decoding: try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .withoutEscapingSlashes]),
                as: UTF8.self)
        case let value as [any Sendable]: return "[" + (try value.map { try text($0, indent: "") }).joined(separator: ", ") + "]"
        case let value as [String: any Sendable]:
            let lines = try value.sorted { $0.key < $1.key }.map { key, value in
                "\(indent)  \(try text(key, indent: "")): \(try text(value, indent: indent + "  "))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        default: throw UserError("a configuration holds \(type(of: value))", hint: "Report it.", exitCode: .internalError)
        }
    }
}
