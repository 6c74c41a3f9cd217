import Foundation
import Support
import Torch
import TorchNN

/// A network in numbers: parameters, operations, shapes.
public struct ModelSummary: Sendable {
    public let card: ModelCard
    public let parameters: Int
    /// Multiplications with addition of one forward pass over one image (``OperationCount``).
    public let operations: Int
    /// Every tap with its shape for one image, by name.
    public let taps: [(name: String, shape: [Int])]

    /// Runs the network once, with the values that its memory happens to hold: shapes and operations do not depend on them.
    ///
    /// - Parameters:
    ///   - name: of a model (with `classes`), or of a backbone.
    ///   - size: height and width of the image; nil: the card's input size, or 512 rounded up to what the network takes.
    /// - Throws: `UserError` when there is no such model, or it doesn't take the size.
    public init(_ name: String, classes: Int, size: (height: Int, width: Int)? = nil) throws {
        let model = try withoutInitialization { try Models.network(name, classes: classes) }
        let multiple = model.card.sizeMultiple
        let side = model.card.inputSize ?? (511 / multiple + 1) * multiple
        let (height, width) = size ?? (side, side)
        try model.checkSize(height: height, width: width)
        card = model.card
        parameters = model.parameterCount
        let names = model.tapChannels.keys
        var shapes: [String: [Int]] = [:]
        operations = try withTorchErrors {
            model.eval()
            return withoutGradients {
                OperationCount.of {
                    shapes = model.record(names, of: .zeros([1, 3, height, width])).tensors.mapValues(\.shape)
                }
            }
        }
        taps = shapes.sorted { $0.key.compare($1.key, options: .numeric) == .orderedAscending }.map { (name: $0.key, shape: $0.value) }
    }
}

extension Models {
    /// The backbones of the table, as `models list` shows them.
    public static var backboneCards: [ModelCard] { BackboneKind.all.map(\.card) }

    /// The heads of the table with the backbones that each stands on.
    public static var headCards: [(name: String, source: String, backbones: [String])] {
        HeadKind.all.map { head in (head.name, head.source, BackboneKind.all.filter(head.fits).map(\.name)) } + mask2formerCards
    }

    /// The models that are no combination of a head and a backbone.
    public static var ownNames: [String] {
        let combined = Set(headCards.flatMap { head in head.backbones.map { "\(head.name)-\($0)" } })
        return names.filter { !combined.contains($0) }
    }

    /// Other libraries' names for a backbone of this table.
    public static func aliases(of name: String) -> [String] { BackboneKind.all.first { $0.name == name }?.aliases ?? [] }

    /// The strides of a backbone's four maps; nil when there is no such backbone.
    public static func strides(of name: String) -> [Int]? {
        withoutInitialization { try? backbone(name).strides }
    }

    /// The `model_type`s of Hugging Face folders that can be opened, with their architectures.
    public static var folderTypes: [(modelType: String, architectures: [String])] {
        HuggingFaceFamily.all.map { ($0.modelType, $0.architectures) }
            + zip(GroundingDINO.modelTypes, GroundingDINO.architectures).map { ($0, [$1]) }
    }
}
