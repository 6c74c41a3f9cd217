import Support
import Torch

/// The table of models.
public enum Models {
    /// A row of the table: a name and what builds it.
    struct Entry: Sendable {
        let name: String
        let make: @Sendable (_ name: String, _ classes: Int, ModelOptions) throws -> SegmentationModel
    }

    static let table: [Entry] = espnet + espnetv2 + encoderDecoders

    /// All names, as recipes use them.
    public static var names: [String] { table.map(\.name) }

    /// A model with PyTorch's (or its paper's) random initialisation, on the CPU, in training mode.
    /// - Throws: `UserError` with the nearest name when there is no such model, or when an option does not apply to it.
    public static func make(_ name: String, classes: Int, options: ModelOptions = .init()) throws -> SegmentationModel {
        guard let entry = table.first(where: { $0.name == name }) else {
            let nearest = nearestName(to: name, in: names).map { "Did you mean '\($0)'? " } ?? ""
            throw UserError(
                "there is no model '\(name)'", hint: "\(nearest)Models: \(names.joined(separator: ", ")).", exitCode: .usage)
        }
        guard classes > 0 else {
            throw UserError("a model needs at least one class, not \(classes)", hint: "Check the data's list of classes.")
        }
        return try entry.make(name, classes, options)
    }

    /// Refuses what a model does not have.
    static func refuse(_ option: String, of name: String, unless isAbsent: Bool) throws {
        guard isAbsent else {
            throw UserError("the model \(name) has no option '\(option)'", hint: "Leave it out, or choose another model.")
        }
    }
}
