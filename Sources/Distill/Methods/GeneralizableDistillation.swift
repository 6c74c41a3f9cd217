import Recipes
import Support
import Torch
import TorchNN

/// `gkd`: the student's last tokens find, among the teacher's, what their own should be mixed to.
///
/// With N patch tokens and a class token c, t the teacher's, s the student's, s′ the student's of the ``MaskedView``, and three heads
/// (``QueryHead``) of their own parameters:
/// feature: mean squared difference of [QSD_c(s_c), QSD_f(s, t)] and [t_c, t], over B · (N + 1) tokens and the channels.
/// mask: that of QSD_m(s′, t) and t, over all N tokens of all images, hidden or not.
/// token: that of QSD_c(s_c) and t_c; the only key takes all of the attention, so QSD_c is ψ.
/// L = `featureWeight` · feature + `maskWeight` · mask + `tokenWeight` · token.
/// `head: linear` has ψ in QSD's place: Proteus (Zhang et al. 2025) over all tokens.
/// Without class tokens `token` is missing, and `feature` is over N tokens: an adaptation of this project.
/// Source: the public code of GKD, 2026.
public final class GeneralizableDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "gkd", doc: "GKD: tokens that attend to a foundation model's, without labels (2026).",
        weight: 1, weightDoc: "Factor of all terms. They have weights of their own.",
        settings: [
            SettingSchema(
                "head", .choice(["qsd", "linear"]), default: "qsd",
                doc: "What stands between the networks: 'qsd' attends to the teacher's tokens; 'linear' is a linear map, as in Proteus."),
            SettingSchema("featureWeight", .nonNegative, default: .number(1), doc: "Factor of the term 'feature'. 1: GKD."),
            SettingSchema(
                "maskWeight", .nonNegative, default: .number(1),
                doc: "Factor of the term 'mask', for which the student sees each batch a second time; 0: it does not. 1: GKD."),
            SettingSchema("tokenWeight", .nonNegative, default: .number(1), doc: "Factor of the term 'token', the class token's. 1: GKD."),
            SettingSchema(
                "maskProbability", .number(0...1, exclusive: false), default: .number(0.5),
                doc: "The share of a batch's images that patches are hidden of. 0.5: GKD."),
            SettingSchema(
                "maskRatio", .number(0...1, exclusive: false), default: .number(0.5),
                doc: "The share of such an image's patches that is hidden. 0.5: GKD."),
            SettingSchema(
                "scale", .flag, default: false, doc: "Whether attention is scaled by 1/√(teacher's width). false: GKD."),
            SettingSchema(
                "maxTokens", .integer(minimum: 0), default: .integer(1024),
                doc: "Without class tokens, a map of more positions is averaged to at most so many; 0: never."),
        ],
        taps: [
            TapSchema(
                "patches", teacher: "patches", student: "patches", layout: .tokens, masked: "maskedPatches",
                doc: "the tokens after the last norm, or a deep map."),
            TapSchema(
                "cls", teacher: "cls", student: "cls", layout: .vector, isOptional: true,
                doc: "the class token after the last norm; none: without."),
        ])

    public static let spareParameters = ["projector.*"]

    public let featureWeight: Double
    public let maskWeight: Double
    public let tokenWeight: Double
    public let maskedView: MaskedView?
    let feature: QueryHead?
    let patch: QueryHead?
    let token: QueryHead?
    private let maxTokens: Int

    public override class var keys: [String: String] {
        ["feature": "projector.feature", "patch": "projector.patch", "token": "projector.token"]
    }

    /// - Throws: `UserError` when no term has a weight.
    public init(_ setup: MethodSetup) throws {
        featureWeight = setup.number("featureWeight")
        maskWeight = setup.number("maskWeight")
        tokenWeight = setup.number("tokenWeight")
        maxTokens = setup.integer("maxTokens")
        func head(_ role: String) -> QueryHead {
            QueryHead(
                from: setup.studentChannels[role]!, to: setup.teacherChannels[role]!, attends: setup.text("head") == "qsd",
                isScaled: setup.flag("scale"))
        }
        feature = featureWeight > 0 ? head("patches") : nil
        patch = maskWeight > 0 ? head("patches") : nil
        token = setup.studentChannels["cls"] != nil && featureWeight + tokenWeight > 0 ? head("cls") : nil
        maskedView =
            maskWeight > 0 ? MaskedView(probability: setup.number("maskProbability"), ratio: setup.number("maskRatio")) : nil
        guard feature != nil || patch != nil || token != nil else {
            throw UserError("gkd: no term is left to learn from", hint: "Give featureWeight, maskWeight or tokenWeight more than 0.")
        }
    }

    /// A map is made no smaller where its positions are a plain transformer's tokens.
    private func pooling(_ height: Int, _ width: Int, hasClassTokens: Bool) -> MapPooling {
        hasClassTokens || maxTokens == 0 ? .none : .toAtMost(maxTokens, height, width)
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let (student, teacher) = (shapes.student["patches"]!, shapes.teacher["patches"]!)
        let pooling = pooling(student[2], student[3], hasClassTokens: shapes.student["cls"] != nil)
        let positions = pooling.positions(student[2], student[3])
        let heads = [feature, patch].compactMap {
            $0?.peakMemory(batch: student[0], positions: positions, student: student[1], teacher: teacher[1])
        }
        return heads.reduce(RelationMaps.peakMemory(shapes, "patches", pooling), +)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let map = inputs.student["patches"]!
        let pooling = pooling(map.size(2), map.size(3), hasClassTokens: inputs.student["cls"] != nil)
        let maps = RelationMaps(inputs, role: "patches", pooling: pooling)
        let target = Target(tokens: maps.teacher.transpose(1, 2), counted: maps.counted)
        var terms: [(name: String, value: Tensor, weight: Double)] = []
        let ofClass = token.map { classError($0, inputs, target) }
        if let feature {
            let error = feature.squaredError(maps.student.transpose(1, 2), target.tokens, counted: target.counted, inputs)
            let total = ofClass.map { ($0.sum + error) / (($0.count + target.count) * target.channels) }
            terms.append(("feature", total ?? error / (target.count * target.channels), featureWeight))
        }
        if let patch, let masked = inputs.student["maskedPatches"] {
            let seen = masked.fullPrecision
            let tokens = pooling(seen, inputs.ignored(on: seen)).flatten(2).transpose(1, 2)
            let error = patch.squaredError(tokens, target.tokens, counted: target.counted, inputs)
            terms.append(("mask", error / (target.count * target.channels), maskWeight))
        }
        if tokenWeight > 0, let ofClass { terms.append(("token", ofClass.sum / (ofClass.count * target.channels), tokenWeight)) }
        let total = terms.reduce(Tensor.zeros([], dtype: target.tokens.dtype, device: map.device)) { $0 + $1.value * $1.weight }
        return MethodLoss(total, terms: terms.map { ($0.name, $0.value) })
    }

    /// What the patch tokens are compared with.
    private struct Target {
        /// B×N×Ct.
        let tokens: Tensor
        /// B×N, truth values; nil: all count.
        let counted: Tensor?

        var channels: Int { tokens.size(2) }
        /// The tokens that count, at least 1.
        var count: Tensor {
            counted.map { $0.sum().clamp(min: 1) } ?? .full([], Double(tokens.size(0) * tokens.size(1)), device: tokens.device)
        }
    }

    /// An image's class token counts when one of its patches does.
    private func classError(_ head: QueryHead, _ inputs: MethodInputs, _ target: Target) -> (sum: Tensor, count: Tensor) {
        let student = inputs.student["cls"]!.fullPrecision.unsqueeze(1)
        let teacher = inputs.teacher["cls"]!.detach().fullPrecision.unsqueeze(1)
        let counted = target.counted.map { $0.long.amax([1], keepDimensions: true) .> 0 }
        let count = counted.map { $0.sum().clamp(min: 1) } ?? .full([], Double(student.size(0)), device: student.device)
        return (head.squaredError(student, teacher, counted: counted, inputs), count)
    }
}
