import Recipes
import SegLoss
import Support
import Torch

/// Mask2Former's criterion on given tensors, for comparison with another implementation. It is no method: there is no teacher.
public enum MaskLossParity {
    private static let paper = MaskLossRecipe()

    public static let schema = MethodSchema(
        "mask2former", doc: "Mask2Former's own loss, of one layer's predictions (Cheng et al. 2022).",
        settings: [
            SettingSchema(
                "classWeight", .nonNegative, default: .number(paper.classWeight), doc: "Factor of the classes' cross-entropy. 2: the paper."
            ),
            SettingSchema(
                "maskWeight", .nonNegative, default: .number(paper.maskWeight), doc: "Factor of the masks' cross-entropy. 5: the paper."),
            SettingSchema(
                "diceWeight", .nonNegative, default: .number(paper.diceWeight), doc: "Factor of the masks' dice loss. 5: the paper."),
            SettingSchema(
                "noObject", .nonNegative, default: .number(paper.noObject), doc: "Weight of 'no object' among the classes. 0.1: the paper."),
            SettingSchema("points", .integer(minimum: 1), default: .integer(paper.points), doc: "Points to draw. 12544: the paper."),
            SettingSchema(
                "oversampling", .number(1...1000, exclusive: false), default: .number(paper.oversampling),
                doc: "Candidates for each point. 3: the paper."),
            SettingSchema(
                "importance", .number(0...1, exclusive: false), default: .number(paper.importance),
                doc: "Share of the points that are uncertain candidates. 0.75: the paper."),
        ])

    /// - Parameter inputs: `class.logits`, `mask.logits`, `target.B.labels` and `target.B.masks` of every image B from 0; `matching.points`
    ///   and `loss.points` where they are not to be drawn.
    /// - Returns: `loss`, `class`, `mask`, `dice`, `grad.class.logits` and `grad.mask.logits` in float32, and `assignment.B`: for each
    ///   target its query, −1 where there are more targets than queries.
    /// - Throws: `UserError` naming what is missing, left over or of another shape; `TorchError`.
    public static func run(_ recipe: MethodRecipe, inputs: [String: Tensor]) throws -> [(String, Tensor)] {
        try withTorchErrors { try outputs(MaskCriterion(options(recipe)), Inputs(inputs)) }
    }

    private static func outputs(_ criterion: MaskCriterion, _ inputs: Inputs) -> [(String, Tensor)] {
        let leaves = [inputs.classes, inputs.masks].map { $0.float.detach().clone() }
        for leaf in leaves { leaf.requiresGrad = true }
        let loss = criterion(classes: [leaves[0]], masks: [leaves[1]], targets: inputs.targets, points: inputs.points)
        let found = gradients(of: [loss.total], for: leaves)
        let terms = [("loss", loss.total), ("class", loss.classification), ("mask", loss.mask), ("dice", loss.dice)]
        return terms.map { ($0, $1.detach()) } + [("grad.class.logits", found[0]), ("grad.mask.logits", found[1])]
            + loss.assignments[0].enumerated().map { ("assignment.\($0)", Tensor($1.map { $0 ?? -1 })) }
    }

    /// What was given, checked.
    private struct Inputs {
        let classes: Tensor
        let masks: Tensor
        let targets: MaskTargets
        let points: MaskCriterion.Points

        init(_ inputs: [String: Tensor]) throws {
            var given = ParityInputs(inputs, of: schema.name)
            classes = try given.take("class.logits", [nil, nil, nil])
            guard classes.count > 0 else { throw UserError("'class.logits' of the shape \(classes.shape) has no values") }
            masks = try given.take("mask.logits", [classes.size(0), classes.size(1), nil, nil])
            var labels: [[Int]] = []
            var truth: [Tensor] = []
            for image in 0..<classes.size(0) {
                let own = try given.take("target.\(image).labels", [nil])
                let size: [Int?] = truth.first.map { Array($0.shape.suffix(2)) } ?? [nil, nil]
                truth.append(try given.take("target.\(image).masks", [own.size(0)] + size))
                labels.append(own.array(of: Int.self))
                try check(labels[image], truth[image], image, classes: classes.size(2) - 1)
            }
            let count = labels.reduce(0) { $0 + $1.count }
            points = MaskCriterion.Points(
                matching: try Self.points("matching.points", [nil, 2], from: &given),
                loss: try Self.points("loss.points", [count, nil, 2], from: &given))
            try given.finish()
            targets = MaskTargets(labels: labels, masks: truth, height: truth[0].size(1), width: truth[0].size(2))
        }

        /// Beyond the image would be pixels of another row, or another mask.
        private static func points(_ name: String, _ shape: [Int?], from given: inout ParityInputs) throws -> Tensor? {
            guard given.has(name) else { return nil }
            let points = try given.take(name, shape).float
            // Of what is no number neither holds.
            guard !((points .>= 0) .& (points .<= 1)).all().item().isEqual(to: 1) else { return points }
            throw UserError("'\(name)' has numbers that are not in [0, 1]", hint: "x and y are shares of the width and the height.")
        }
    }

    /// The tensors and settings, in words.
    public static var description: String {
        var inputs = TextTable("input", "shape", "what")
        for row in [
            ["class.logits", "B×Q×(K+1)", "float32. each query's class, the last is 'no object'."],
            ["mask.logits", "B×Q×h×w", "float32. each query's mask."],
            ["target.0.labels, …", "T", "int64. the classes of an image's true masks; T may be 0."],
            ["target.0.masks, …", "T×H×W", "0 and 1. the true masks, of one size for all images."],
            ["matching.points", "P×2", "float32 in [0, 1], x first. May be left out: then they are drawn."],
            ["loss.points", "(ΣT)×P×2", "float32. each true mask's, image by image. May be left out: then they are drawn."],
        ] { inputs.append(row) }
        var settings = TextTable("setting", "default", "what")
        for setting in schema.settings { settings.append([setting.name, setting.defaultValue.text, setting.doc]) }
        return "\(schema.name): \(schema.doc)\n\n\(inputs.text)\n\n\(settings.text)\n\n"
            + "Outputs, float32: loss, class, mask, dice, grad.class.logits, grad.mask.logits; and assignment.0, …, int64: "
            + "each target's query, -1 where there are more targets than queries."
    }

    private static func options(_ recipe: MethodRecipe) -> MaskCriterion.Options {
        let setup = MethodSetup(settings: recipe.settings, teacherChannels: [:], studentChannels: [:], classes: 0)
        return MaskCriterion.Options(
            classWeight: setup.number("classWeight"), maskWeight: setup.number("maskWeight"), diceWeight: setup.number("diceWeight"),
            noObject: setup.number("noObject"), points: setup.integer("points"), oversampling: setup.number("oversampling"),
            importance: setup.number("importance"))
    }

    private static func check(_ labels: [Int], _ masks: Tensor, _ image: Int, classes: Int) throws {
        if let label = labels.first(where: { $0 < 0 || $0 >= classes }) {
            throw UserError("target.\(image).labels has the class \(label), but class.logits tells \(classes) apart, from 0")
        }
        guard masks.count > 0, !((masks .== 0) .| (masks .== 1)).all().item().isEqual(to: 1) else { return }
        throw UserError("target.\(image).masks has values other than 0 and 1", hint: "A true mask says of each pixel whether it is inside.")
    }
}

extension MaskCriterion.Options {
    /// - Parameter recipe: by default the paper's constants.
    public init(_ recipe: MaskLossRecipe = MaskLossRecipe()) {
        self.init(
            classWeight: recipe.classWeight, maskWeight: recipe.maskWeight, diceWeight: recipe.diceWeight, noObject: recipe.noObject,
            points: recipe.points, oversampling: recipe.oversampling, importance: recipe.importance)
    }
}
