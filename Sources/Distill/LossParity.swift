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
        let masked = roles.compactMap(\.masked)
        let teacher = try take(roles, side: "teacher", from: &rest)
        let student = try take(roles + masked.filter { inputs["student.\($0.name)"] != nil }, side: "student", from: &rest)
        try checkTokens(roles.filter { $0.layout == .tokens }, teacher, student)
        let tokens = Set((roles + masked).filter { $0.layout == .tokens }.map(\.name))
        func maps(_ given: [String: Tensor]) -> [String: Tensor] {
            Dictionary(uniqueKeysWithValues: given.map { ($0, tokens.contains($0) ? map(of: $1) : $1) })
        }
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
            settings: recipe.settings, teacherChannels: maps(teacher).mapValues { $0.size(1) },
            studentChannels: maps(student).mapValues { $0.size(1) }, classes: classes)
        setup.hasProjector = rest.keys.contains { $0.hasPrefix("projector.") }
        let method = try kind.init(setup)
        if method.maskedView != nil { _ = try take(masked.filter { student[$0.name] == nil }, side: "student", from: &rest) }
        let own = Set(method.stateDict().map(\.0))
        rest = rest.filter { name, _ in own.contains(name) || !kind.spareParameters.contains { matches(name, $0) } }
        // A loss is taken as in training: batch normalisation looks at its batch, not at running means.
        try method.load(rest, from: "the input", allowing: ["*.running_mean", "*.running_var"])
        return try withTorchErrors {
            let leaves = student.mapValues { $0.float.detach().clone() }
            for leaf in leaves.values { leaf.requiresGrad = true }
            let loss = method.loss(
                MethodInputs(
                    teacher: maps(teacher.mapValues { $0.float }), student: maps(leaves), labels: labels.map { $0.long }, draws: draws))
            let names = leaves.keys.sorted()
            let found = gradients(of: [loss.total], for: names.map { leaves[$0]! }, allowUnused: true)
            // What the settings leave out of the loss has no gradient.
            let slopes = zip(found, names).map { $0.isDefined ? $0 : leaves[$1]!.zerosLike() }
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

    /// A tensor that both networks give, or the student's masked view does.
    private struct Role {
        let name: String
        let layout: TapSchema.Layout
        var maskedName: String?

        var masked: Role? { maskedName.map { Role(name: $0, layout: layout) } }
    }

    /// A list takes as many maps as there are; an optional tap that neither side has takes none.
    private static func roles(of tap: TapSchema, in inputs: [String: Tensor]) -> [Role] {
        func isThere(_ role: String) -> Bool { ["teacher", "student"].contains { inputs["\($0).\(role)"] != nil } }
        guard tap.isList else {
            return tap.isOptional && !isThere(tap.role) ? [] : [Role(name: tap.role, layout: tap.layout, maskedName: tap.maskedRole)]
        }
        let count = (1...).first { !isThere("\(tap.role)\($0 + 1)") }!
        return (1...count).map { Role(name: "\(tap.role)\($0)", layout: tap.layout) }
    }

    /// Tokens as a map of one column; a map as it is.
    private static func map(of tensor: Tensor) -> Tensor { tensor.dimensions == 3 ? tensor.transpose(1, 2).unsqueeze(3) : tensor }

    /// Tokens without a grid cannot be resized.
    private static func checkTokens(_ roles: [Role], _ teacher: [String: Tensor], _ student: [String: Tensor]) throws {
        for role in roles {
            let (theirs, own) = (teacher[role.name]!, student[role.name]!)
            guard theirs.dimensions == 3 || own.dimensions == 3, map(of: theirs).shape[2...] != map(of: own).shape[2...] else { continue }
            throw UserError(
                "'teacher.\(role.name)' has the shape \(theirs.shape) and 'student.\(role.name)' \(own.shape): other numbers of tokens",
                hint: "Give both as B×C×h×w: then the teacher's are resized to the student's.")
        }
    }

    private static func take(_ roles: [Role], side: String, from inputs: inout [String: Tensor]) throws -> [String: Tensor] {
        var found: [String: Tensor] = [:]
        for role in roles {
            let name = "\(side).\(role.name)"
            guard let tensor = inputs.removeValue(forKey: name) else {
                let near = nearestName(to: name, in: inputs.keys).map { " Did you mean '\($0)'?" } ?? ""
                throw UserError(
                    "expected the tensor '\(name)', found \(inputs.keys.sorted().joined(separator: ", "))",
                    hint: "segdistill parity loss NAME --describe lists what a loss takes." + near)
            }
            guard role.layout.dimensions.contains(tensor.dimensions) else {
                throw UserError("expected '\(name)' as \(role.layout.shape), found the shape \(tensor.shape)")
            }
            found[role.name] = tensor
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
                let shape = tap.role == "logits" ? "B×K×h×w" : tap.layout.shape
                inputs.append(["\(side).\(name)", shape, "float32. \(tap.doc)\(tap.isOptional ? " May be left out on both sides." : "")"])
                guard side == "student", let masked = tap.maskedRole else { continue }
                inputs.append(["\(side).\(masked)", shape, "float32. the same with patches hidden."])
            }
        }
        let labels = "class indices, int64; where they are 255, the loss does not look."
        inputs.append(["labels", "B×H×W", schema.needsLabels ? labels : labels + " May be left out."])
        for draw in kind.draws { inputs.append([draw.name, draw.shape, "\(draw.doc) May be left out: then it is drawn."]) }
        inputs.append(["projector.…", "", "the method's own parameters, where it has any"])
        var settings = TextTable("setting", "default", "what")
        for setting in schema.settings { settings.append([setting.name, setting.defaultValue.text, setting.doc]) }
        let roles = schema.taps.flatMap { [$0.role + ($0.isList ? "1 …" : "")] + ($0.maskedRole.map { [$0] } ?? []) }
        let gradients = roles.map { "grad.student.\($0)" }.joined(separator: ", ")
        return "\(schema.name): \(schema.doc)\n\n\(inputs.text)\n\n\(settings.text)\n\n"
            + "Outputs, float32: loss, \(gradients) and each term by name."
    }
}

extension TapSchema.Layout {
    /// In words.
    fileprivate var shape: String {
        switch self {
        case .map: "B×C×h×w"
        case .tokens: "B×N×C or B×C×h×w"
        case .vector: "B×C"
        case .queries: "B×Q×C"
        }
    }

    fileprivate var dimensions: ClosedRange<Int> {
        switch self {
        case .map: 2...5
        case .tokens: 3...4
        case .vector: 2...2
        case .queries: 3...3
        }
    }
}
