import Foundation
import Support
import Torch
import TorchNN

/// A network's taps and scores for given images, for comparison with another implementation.
public enum ModelParity {
    /// All names that ``run(_:weights:inputs:)`` accepts.
    public static var names: [String] { Models.names + Models.backboneNames + torchvision.keys.sorted() }

    /// torchvision's segmentation networks; their scores are compared at the image's size, as torchvision gives them.
    private static let torchvision = [
        "torchvision:fcn_resnet50": "fcn-resnet50", "torchvision:fcn_resnet101": "fcn-resnet101",
        "torchvision:deeplabv3_resnet50": "deeplabv3-resnet50", "torchvision:deeplabv3_resnet101": "deeplabv3-resnet101",
    ]

    /// - Parameters:
    ///   - name: a model of the table, or another library's network (`torchvision:resnet18`, `torchvision:fcn_resnet50`).
    ///   - weights: a safetensors or `.pth` file; the number of classes is read off it.
    ///   - inputs: `image`, B×3×H×W float32, already normalised.
    /// - Returns: every tap by name, and `logits` of networks with a classifier; float32.
    /// - Throws: `UserError`, `TensorFileError`, `LoadError` with the names, `TorchError`.
    public static func run(_ name: String, weights: URL, inputs: [String: Tensor]) throws -> [(String, Tensor)] {
        guard let image = inputs["image"], image.dimensions == 4, image.size(1) == 3 else {
            let found = inputs.map { "\($0.key) \($0.value.shape)" }.sorted().joined(separator: ", ")
            throw UserError("expected one tensor 'image' of B×3×H×W, found \(found.isEmpty ? "none" : found)")
        }
        let isBackbone = Models.backboneNames.contains(name)
        guard names.contains(name) else {
            let near = nearestName(to: name, in: names).map { "Did you mean '\($0)'? " } ?? ""
            throw UserError("there is no model '\(name)'", hint: near + "Models: \(names.joined(separator: ", ")).", exitCode: .usage)
        }
        let tensors = try Tensor.load(weights)
        let outputs = isBackbone ? try backbone(name, tensors, weights.path, image) : try model(name, tensors, weights.path, image)
        return outputs.map { ($0.0, $0.1.contiguous()) }
    }

    private static func model(_ name: String, _ tensors: [String: Tensor], _ path: String, _ image: Tensor) throws -> [(String, Tensor)] {
        let options = ModelOptions(hasAuxiliaryHead: tensors.keys.contains { $0.hasPrefix("aux_classifier.") })
        let model = try fitted {
            let model = try Models.make(torchvision[name] ?? name, classes: $0, options: options)
            try model.load(weights: tensors, from: path)
            return model
        }
        model.eval()
        return try withTorchErrors {
            withoutGradients {
                var taps = Taps(model.tapChannels.keys)
                let output = model.forward(image.float, taps: &taps)
                let isAtImageSize = torchvision[name] != nil
                let logits = isAtImageSize ? model.resize(output.logits, to: Array(image.shape.suffix(2))) : output.logits
                return taps.tensors.filter { $0.key != "logits" }.sorted { $0.key < $1.key } + [("logits", logits)]
            }
        }
    }

    private static func backbone(_ name: String, _ tensors: [String: Tensor], _ path: String, _ image: Tensor) throws -> [(String, Tensor)]
    {
        let backbone = try fitted {
            let backbone = try Models.backbone(name, classes: $0)
            try backbone.load(tensors, from: path)
            return backbone
        }
        backbone.eval()
        return try withTorchErrors {
            withoutGradients {
                var taps = Taps(["stage1", "stage2", "stage3", "stage4", "logits"])
                backbone.forward(image.float, taps: &taps)
                return taps.tensors.sorted { $0.key < $1.key }
            }
        }
    }

    /// Builds with as many classes as the file has: a first try with five (the least that every model takes) tells by what
    /// does not fit.
    private static func fitted<Model>(_ build: (_ classes: Int) throws -> Model) throws -> Model {
        do {
            return try build(5)
        } catch let error as LoadError {
            let candidates = error.mismatched.filter { $0.expected.first == 5 }.compactMap(\.found.first)
            guard let classes = candidates.min() else { throw error }
            return try build(classes)
        }
    }
}
