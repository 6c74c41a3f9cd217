import Recipes
import Support
import Torch
import TorchNN

/// `ofa`: every stage of the student is brought to class scores and learns the teacher's last word, whatever family the teacher is of.
///
/// For every stage, z = P(F), p = softmax over the classes of scores / T, y the one-hot label:
/// L = Σ over the stages of − mean over the pixels of Σₖ ((pₜ + y)^ε − y) · log pₛ.
/// Source: OFA-KD (Hao et al. 2023) and its public code, for images as a whole; here pixel by pixel.
public final class OneForAllDistillation: Module, DistillationMethod {
    private static let stages = (1...4).map { "stage\($0)" }

    public static let schema = MethodSchema(
        "ofa", doc: "The student's stages, projected to class scores, against the teacher's logits (OFA-KD, Hao et al. 2023), per pixel.",
        weight: 1, weightDoc: "Factor of the loss. 1: OFA-KD.",
        settings: [
            SettingSchema("temperature", .positive, default: .number(1), doc: "Softens both distributions. 1: OFA-KD."),
            SettingSchema(
                "eps", .positives, default: .numbers([1]),
                doc: "Exponent that lifts the labelled class: one for all stages, or one for each. 1, which does not lift it: OFA-KD."),
        ],
        taps: [
            TapSchema(
                list: "stage", teacher: stages.map { _ in "logits" }, student: stages,
                doc: "the student's stages; for each of them the teacher's class scores that it learns.")
        ],
        needsLabels: true)

    let projector: [String: ClassProjector]
    private let roles: [String]
    private let eps: [Double]
    private let temperature: Double

    public init(_ setup: MethodSetup) throws {
        roles = (1...setup.studentChannels.count).map { "stage\($0)" }
        temperature = setup.number("temperature")
        let eps = setup.numbers("eps")
        guard eps.count == 1 || eps.count == roles.count else {
            throw UserError(
                "ofa: eps gives \(eps.count) numbers for \(roles.count) stages", hint: "Give one for all of them, or one for each.")
        }
        self.eps = eps.count == 1 ? roles.map { _ in eps[0] } : eps
        if let other = roles.first(where: { setup.teacherChannels[$0] != setup.classes }) {
            throw UserError(
                "ofa: the teacher's map for \(other) has \(setup.teacherChannels[other] ?? 0) channels, but there are \(setup.classes) classes",
                hint:
                    "taps.teacher names the teacher's class scores, once for each of the student's stages; teacher and student have the same classes."
            )
        }
        var projector: [String: ClassProjector] = [:]
        for role in roles { projector[role] = ClassProjector(.convBNReLUConv, from: setup.studentChannels[role]!, to: setup.classes) }
        self.projector = projector
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // For every stage its gradient, its projector, the teacher's scores resized, softmax and target, logarithm and product, two gradients.
        let values = roles.map { role in
            let (student, classes) = (shapes.student[role]!, shapes.teacher[role]![1])
            let perPosition = ClassProjector.Form.convBNReLUConv.valuesKept(from: student[1], to: classes) + student[1] + 7 * classes
            return student[0] * student[2] * student[3] * perPosition
        }
        return 4 * values.reduce(0, +)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let terms = zip(roles, eps).map { role, eps in
            let map = inputs.student[role]!
            let scores = projector[role]!(map.fullPrecision, ignoring: inputs.ignored(on: map)!)
            let weights = self.target(aligned(inputs.teacher[role]!, to: scores), inputs, eps)
            let sum = (weights * (scores / temperature).logSoftmax(1)).sum()
            return (name: role, value: -sum / inputs.positions(on: scores))
        }
        return MethodLoss(terms.dropFirst().reduce(terms[0].value) { $0 + $1.value }, terms: terms)
    }

    /// (p + y)^ε − y; 0 where the label is ignored.
    private func target(_ teacher: Tensor, _ inputs: MethodInputs, _ eps: Double) -> Tensor {
        withoutGradients {
            var target = (teacher / temperature).softmax(1)
            if eps != 1 {
                let labels = inputs.targets(on: teacher)
                let ones = Tensor.ones(labels.shape, dtype: target.dtype, device: target.device)
                target = target.scatterAdd(1, labels, ones).pow(eps).scatterAdd(1, labels, -ones)
            }
            return inputs.ignored(on: teacher).map { target.maskedFill($0, 0) } ?? target
        }
    }
}
