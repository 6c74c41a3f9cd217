import Recipes
import Support
import Torch
import TorchNN

/// One method's loss on given tensors, for comparison with another implementation.
public enum LossParity {
    /// - Parameter inputs: `teacher.ROLE` and `student.ROLE` for every tap that the method declares, `labels` where it wants
    ///   them, and its own parameters by their paths (`projector.weight`).
    /// - Returns: `loss`, each term by name, and `grad.student.ROLE` for every student input; float32.
    /// - Throws: `UserError` naming what is missing or left over, `LoadError` when parameters do not fit, `TorchError`.
    public static func run(_ recipe: MethodRecipe, inputs: [String: Tensor]) throws -> [(String, Tensor)] {
        let kind = try Methods.named(recipe.name)
        let roles = kind.taps(MethodRecipe(kind.schema))
        var rest = inputs
        let teacher = try take(roles.teacher.keys.sorted(), side: "teacher", from: &rest)
        let student = try take(roles.student.keys.sorted(), side: "student", from: &rest)
        let labels = rest.removeValue(forKey: "labels")
        let classes = (student["logits"] ?? teacher["logits"])?.size(1) ?? 0
        let method = try kind.init(
            MethodSetup(
                settings: recipe.settings, teacherChannels: teacher.mapValues { $0.size(1) },
                studentChannels: student.mapValues { $0.size(1) }, classes: classes))
        try method.load(rest, from: "the input")
        return try withTorchErrors {
            let leaves = student.mapValues { $0.float.detach().clone() }
            for leaf in leaves.values { leaf.requiresGrad = true }
            let loss = method.loss(
                MethodInputs(teacher: teacher.mapValues { $0.float }, student: leaves, labels: labels.map { $0.long }))
            let names = leaves.keys.sorted()
            let slopes = gradients(of: [loss.total], for: names.map { leaves[$0]! })
            return [("loss", loss.total.detach())] + loss.terms.map { ($0.name, $0.value.detach()) }
                + zip(names, slopes).map { ("grad.student.\($0)", $1) }
        }
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
    public static func description(of schema: MethodSchema) throws -> String {
        let roles = try Methods.named(schema.name).taps(MethodRecipe(schema))
        var inputs = TextTable("input", "shape", "what")
        for (side, names) in [("teacher", roles.teacher.keys.sorted()), ("student", roles.student.keys.sorted())] {
            let doc = schema.taps.first { $0.name.hasPrefix(side) }?.doc ?? ""
            for name in names {
                let shape = name == "logits" ? "B×K×h×w" : "B×C×h×w"
                inputs.append(["\(side).\(name)", shape, "float32. \(doc)"])
            }
        }
        inputs.append(["projector.…", "", "the method's own parameters, where it has any"])
        var settings = TextTable("setting", "default", "what")
        for setting in schema.settings { settings.append([setting.name, setting.defaultValue.text, setting.doc]) }
        let outputs = (["loss"] + roles.student.keys.sorted().map { "grad.student.\($0)" }).joined(separator: ", ")
        return "\(schema.name): \(schema.doc)\n\n\(inputs.text)\n\n\(settings.text)\n\nOutputs, float32: \(outputs) and each term by name."
    }
}
