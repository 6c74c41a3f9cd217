import Support
import Torch

/// The table of models.
public enum Models {
    /// A row of the table: a name and what builds it.
    struct Entry: Sendable {
        let name: String
        let make: @Sendable (_ name: String, _ classes: Int, ModelOptions) throws -> SegmentationModel
    }

    /// All names, as recipes use them.
    public static var names: [String] { table.map(\.name) }

    /// A model with PyTorch's (or its paper's) random initialisation, on the CPU, in training mode.
    /// - Throws: `UserError` with the nearest name when there is no such model, or when an option does not apply to it.
    public static func make(_ name: String, classes: Int, options: ModelOptions = .init()) throws -> SegmentationModel {
        guard let entry = table.first(where: { $0.name == name }) else { throw unknown("model", name, among: names) }
        guard classes > 0 else {
            throw UserError("a model needs at least one class, not \(classes)", hint: "Check the data's list of classes.")
        }
        return try entry.make(name, classes, options)
    }

    /// Names of the backbones that ``backbone(_:classes:)`` builds: this package's and other libraries' (`library:name`).
    public static var backboneNames: [String] { BackboneKind.all.flatMap { [$0.name] + $0.aliases } }

    /// Whether a name is a backbone's and no model's.
    public static func isBackbone(_ name: String) -> Bool { backboneNames.contains(name) && !names.contains(name) }

    /// A backbone by its name here or in another library.
    /// - Parameters:
    ///   - classes: outputs of its image classifier; nil leaves that out.
    ///   - patchSize: of a plain vision transformer, instead of the published one.
    /// - Throws: `UserError` with the nearest name when there is none, or when it has no classifier or no patches.
    public static func backbone(_ name: String, classes: Int? = nil, patchSize: Int? = nil) throws -> Backbone {
        let found = BackboneKind.all.first { $0.name == name || $0.aliases.contains(name) }
        guard let found else { throw unknown("backbone", name, among: backboneNames) }
        if classes != nil { try refuse("classes", of: name, unless: found.classifies) }
        let library = name.contains(":") ? String(name.prefix { $0 != ":" }) : nil
        let backbone = try found.build(.init(patchSize: patchSize, classes: classes, library: library))
        backbone.card.take(from: name)
        return backbone
    }

    /// A model (with `classes`), or a backbone without its classifier.
    /// - Throws: `UserError` with the nearest name of either.
    public static func network(_ name: String, classes: Int) throws -> VisionModel {
        if names.contains(name) { return try make(name, classes: classes) }
        guard backboneNames.contains(name) else { throw unknown("network", name, among: names + backboneNames) }
        return try backbone(name)
    }

    private static func unknown(_ what: String, _ name: String, among names: [String]) -> UserError {
        let nearest = nearestName(to: name, in: names).map { "Did you mean '\($0)'? " } ?? ""
        return UserError("there is no \(what) '\(name)'", hint: "\(nearest)'segdistill models list' shows all.", exitCode: .usage)
    }

    /// Refuses what a model does not have.
    static func refuse(_ option: String, of name: String, unless isAbsent: Bool) throws {
        guard isAbsent else {
            throw UserError("the model \(name) has no option '\(option)'", hint: "Leave it out, or choose another model.")
        }
    }

    static func checkStride(_ stride: Int, of name: String) throws {
        guard [8, 16, 32].contains(stride) else {
            throw UserError("the output stride of \(name) is \(stride)", hint: "It can be 8, 16 or 32.")
        }
    }
}
