import Foundation
import Support
import Torch
import TorchNN

/// A network's taps and scores for given images, for comparison with another implementation.
public enum ModelParity {
    /// All names that ``run(_:weights:inputs:)`` accepts for a bare file.
    public static var names: [String] { Models.names + Models.backboneNames }

    /// - Parameters:
    ///   - name: of a bare file: a model of the table, or another library's network (`torchvision:resnet18`); the number of
    ///     classes is read off the file. Nil for a folder, whose `config.json` says what it is.
    ///   - weights: a folder in Hugging Face layout, or a safetensors or `.pth` file.
    ///   - patchSize: of a plain vision transformer's bare file, instead of the file's own.
    ///   - inputs: `image`, B×3×H×W float32, already normalised.
    /// - Returns: every tap by name, and `logits` of networks with a classifier; float32.
    /// - Throws: `UserError`, `TensorFileError`, `LoadError` with the names, `TorchError`.
    public static func run(_ name: String?, weights: URL, patchSize: Int? = nil, inputs: [String: Tensor]) throws -> [(String, Tensor)] {
        guard let image = inputs["image"], image.dimensions == 4, image.size(1) == 3 else {
            let found = inputs.map { "\($0.key) \($0.value.shape)" }.sorted().joined(separator: ", ")
            throw UserError("expected one tensor 'image' of B×3×H×W, found \(found.isEmpty ? "none" : found)")
        }
        if name == nil, let outputs = try GroundingDINO.parity(weights, inputs) ?? SAM2.parity(weights, inputs) { return outputs }
        let model: VisionModel
        if let name {
            guard names.contains(name) else {
                let near = nearestName(to: name, in: names).map { "Did you mean '\($0)'? " } ?? ""
                throw UserError(
                    "there is no model '\(name)'", hint: "\(near)'segdistill models list' shows all.", exitCode: .usage)
            }
            model = try open(name, Tensor.load(weights), weights.path, patchSize)
        } else {
            guard patchSize == nil else {
                throw UserError(
                    "a folder's config.json says how large its patches are", hint: "Name the model, and give the folder as its weights.")
            }
            model = try ModelFolder(weights).load().to(dtype: .float32)
        }
        try model.checkSize(height: image.size(2), width: image.size(3))
        model.eval()
        return try withTorchErrors {
            withoutGradients {
                let taps = model.record(model.tapChannels.keys, of: image.float)
                // torchvision gives scores at the image's size.
                let isResized = name?.hasPrefix("torchvision:") == true
                return taps.tensors.sorted { $0.key < $1.key }.map { name_, tensor in
                    guard isResized, name_ == "logits", let model = model as? SegmentationModel else { return (name_, tensor.contiguous()) }
                    return (name_, model.resize(tensor, to: Array(image.shape.suffix(2))).contiguous())
                }
            }
        }
    }

    /// Builds with as many classes as the file has: a first try with five (the least that every model takes) tells by what
    /// does not fit. A backbone's file may lack the classifier.
    private static func open(_ name: String, _ tensors: [String: Tensor], _ path: String, _ patchSize: Int?) throws -> VisionModel {
        let row = BackboneKind.all.first { $0.name == name || $0.aliases.contains(name) }
        func build(_ classes: Int?) throws -> VisionModel {
            guard let classes, row == nil else {
                let backbone = try Models.backbone(name, classes: classes, patchSize: patchSize)
                try backbone.load(weights: tensors, from: path)
                return backbone
            }
            let options = ModelOptions(
                patchSize: patchSize,
                hasAuxiliaryHead: tensors.keys.contains { $0.contains("aux_classifier.") || $0.contains("auxiliary_head.") })
            let model = try Models.make(name, classes: classes, options: options)
            try model.load(weights: tensors, from: path)
            return model
        }
        do {
            return try build(row?.classifies == false ? nil : 5)
        } catch let error as LoadError {
            if row != nil, error.mismatched.isEmpty, error.unexpected.isEmpty {
                let classifier = try Models.backbone(name).classifierTensors
                if error.missing.allSatisfy({ tensor in classifier.contains { matches(tensor, $0) } }) { return try build(nil) }
            }
            let candidates = error.mismatched.filter { $0.expected.first == 5 }.compactMap(\.found.first)
            guard let classes = candidates.min() else { throw error }
            return try build(classes)
        }
    }
}
