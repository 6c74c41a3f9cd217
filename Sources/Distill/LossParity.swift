import Recipes
import Support
import Torch
import TorchNN

/// One method's loss on given tensors, for comparison with another implementation.
public enum LossParity {
    /// - Parameter inputs: `teacher.ROLE` and `student.ROLE` for every tap that the method declares, `labels` where it wants
    ///   them, what it would draw at random (`mask`), and its own parameters by their paths (`projector.weight`).
    /// - Returns: `loss`, each term by name, and `grad.student.ROLE` for every student input; float32.
    /// - Throws: `UserError` naming what is missing or left over, `LoadError` when parameters do not fit, `TorchError`.
    public static func run(_ recipe: MethodRecipe, inputs: [String: Tensor]) throws -> [(String, Tensor)] {
        let kind = try Methods.named(recipe.name)
        var rest = inputs
        let roles = kind.schema.taps.flatMap { self.roles(of: $0, in: inputs) }
        let teacher = try take(roles, side: "teacher", from: &rest)
        let student = try take(roles, side: "student", from: &rest)
        let labels = rest.removeValue(forKey: "labels")
        guard labels != nil || !kind.schema.needsLabels else {
            throw UserError(
                "\(recipe.name) reads the labels, but the input has no tensor 'labels'", hint: "Add them: B×H×W, int64, 255 = ignore.")
        }
        let classes =
            (student["logits"] ?? teacher["logits"])?.size(1) ?? queued(rest) ?? projected(rest) ?? labels.map(count(classes:)) ?? 0
        var draws: [String: Tensor] = [:]
        for draw in kind.draws { draws[draw.name] = rest.removeValue(forKey: draw.name) }
        var setup = MethodSetup(
            settings: recipe.settings, teacherChannels: teacher.mapValues { $0.size(1) },
            studentChannels: student.mapValues { $0.size(1) }, classes: classes)
        setup.hasProjector = rest.keys.contains { $0.hasPrefix("projector.") }
        let method = try kind.init(setup)
        // A loss is taken as in training: batch normalisation looks at its batch, not at running means.
        try method.load(rest, from: "the input", allowing: ["*.running_mean", "*.running_var"])
        return try withTorchErrors {
            let leaves = student.mapValues { $0.float.detach().clone() }
            for leaf in leaves.values { leaf.requiresGrad = true }
            let loss = method.loss(
                MethodInputs(teacher: teacher.mapValues { $0.float }, student: leaves, labels: labels.map { $0.long }, draws: draws))
            let names = leaves.keys.sorted()
            let slopes = gradients(of: [loss.total], for: names.map { leaves[$0]! })
            let terms = loss.terms + (loss.opponent.map { [("opponent", $0)] } ?? [])
            return [("loss", loss.total.detach())] + terms.map { ($0.name, $0.value.detach()) }
                + zip(names, slopes).map { ("grad.student.\($0)", $1) }
        }
    }

    /// The classes that a memory has a queue for.
    private static func queued(_ buffers: [String: Tensor]) -> Int? {
        buffers.first { $0.key.hasPrefix("queue.") && $0.key.hasSuffix(".vectors") }?.value.size(0)
    }

    /// The classes that a projector to class scores leads to: what its last convolution gives out.
    private static func projected(_ parameters: [String: Tensor]) -> Int? {
        parameters.keys.filter { $0.hasPrefix("projector.") && $0.hasSuffix(".weight") }.max().map { parameters[$0]!.size(0) }
    }

    /// One more than the largest class that occurs.
    private static func count(classes labels: Tensor) -> Int {
        Int(labels.long.maskedFill(labels .== 255, -1).amax().item()) + 1
    }

    /// A list takes as many maps as there are.
    private static func roles(of tap: TapSchema, in inputs: [String: Tensor]) -> [String] {
        guard tap.isList else { return [tap.role] }
        let count = (1...).first { inputs["teacher.\(tap.role)\($0 + 1)"] == nil && inputs["student.\(tap.role)\($0 + 1)"] == nil }!
        return (1...count).map { "\(tap.role)\($0)" }
    }

    private static func take(_ roles: [String], side: String, from inputs: inout [String: Tensor]) throws -> [String: Tensor] {
        var found: [String: Tensor] = [:]
        for role in roles {
            let name = "\(side).\(role)"
            guard let tensor = inputs.removeValue(forKey: name) else {
                let near = nearestName(to: name, in: inputs.keys).map { " Did you mean '\($0)'?" } ?? ""
                throw UserError(
                    "expected the tensor '\(name)', found \(inputs.keys.sorted().joined(separator: ", "))",
                    hint: "segdistill parity loss NAME --describe lists what a loss takes." + near)
            }
            guard tensor.dimensions >= 2 else {
                throw UserError("expected '\(name)' as B×C×h×w, found the shape \(tensor.shape)")
            }
            found[role] = tensor
        }
        return found
    }

    /// The tensors and settings of a method, in words.
    public static func description(of kind: any DistillationMethod.Type) -> String {
        let schema = kind.schema
        var inputs = TextTable("input", "shape", "what")
        for side in ["teacher", "student"] {
            for tap in schema.taps {
                let name = tap.isList ? "\(tap.role)1, \(side).\(tap.role)2, …" : tap.role
                inputs.append(["\(side).\(name)", tap.role == "logits" ? "B×K×h×w" : "B×C×h×w", "float32. \(tap.doc)"])
            }
        }
        let labels = "class indices, int64; where they are 255, the loss does not look."
        inputs.append(["labels", "B×H×W", schema.needsLabels ? labels : labels + " May be left out."])
        for draw in kind.draws { inputs.append([draw.name, draw.shape, "\(draw.doc) May be left out: then it is drawn."]) }
        inputs.append(["projector.…", "", "the method's own parameters, where it has any"])
        var settings = TextTable("setting", "default", "what")
        for setting in schema.settings { settings.append([setting.name, setting.defaultValue.text, setting.doc]) }
        let gradients = schema.taps.map { "grad.student.\($0.role)\($0.isList ? "1 …" : "")" }.joined(separator: ", ")
        return "\(schema.name): \(schema.doc)\n\n\(inputs.text)\n\n\(settings.text)\n\n"
            + "Outputs, float32: loss, \(gradients) and each term by name."
    }
}
