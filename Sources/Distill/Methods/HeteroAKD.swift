import Recipes
import Support
import Torch
import TorchNN

/// `heteroakd`: networks of different families meet in the space of class scores, and the student learns from a mixture of both that
/// trusts the teacher only where it is right.
///
/// Z = P(F) on both sides, F a stage's map and P a trained projector to the classes; ``KnowledgeMixture`` gives Zh and W; p = softmax(Z / T):
/// - hybrid = − mean over the pixels of Σₖ W·p(Zh)·log p(Zs); only Zs gets a gradient;
/// - reliability = mean H(Zt) + mean H(Zs) over pixels and classes, which trains the projectors;
/// - L = hybrid + `reliabilityWeight` · reliability.
///
/// Source: HeteroAKD (arXiv 2504.07691), reconstructed from re-implementations that quote its equations.
public final class HeteroAKD: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "heteroakd", doc: "Heterogeneous-architecture distillation in class-score space (HeteroAKD, 2025).",
        weight: 1, weightDoc: "Factor of the loss. 1 or 10 by the pair of networks: HeteroAKD; kd stands beside it with 0.1.",
        settings: [
            SettingSchema("temperature", .positive, default: .number(4), doc: "Softens both distributions. 4: both re-implementations."),
            SettingSchema(
                "weighting", .choice(["classes", "pixels"]), default: "classes",
                doc: "What the weights sum to 1 over: the classes of a pixel, or the pixels of a class in an image."),
            SettingSchema(
                "divergence", .choice(["cross-entropy", "bernoulli"]), default: "cross-entropy",
                doc: "Between the mixture and the student: over the classes, or class by class (KL of two Bernoulli distributions)."),
            SettingSchema(
                "reduction", .choice(["pixels", "elements", "images"]), default: "pixels",
                doc: "Sum over classes and mean over pixels; mean over both; or sum over both and mean over images."),
            SettingSchema("temperatureSquared", .flag, default: false, doc: "Whether the hybrid term is multiplied by temperature²."),
            SettingSchema(
                "projector", .choice(ClassProjector.Form.words), default: .text(ClassProjector.Form.convBNReLUConv.rawValue),
                doc: "From a map to class scores; none: the taps are class scores."),
            SettingSchema(
                "reliabilityWeight", .nonNegative, default: .number(1), doc: "Factor of the term that trains the projectors on the labels."),
            SettingSchema(
                "teacherProjectorLearns", .flag, default: false,
                doc: "Whether the hybrid term's gradient reaches the teacher's projector too; its network never."),
        ],
        taps: [TapSchema("features", teacher: "stage4", student: "stage4", doc: "the last stage; class scores with projector none.")],
        needsLabels: true)

    let projector: [String: ClassProjector]
    private let form: ClassProjector.Form
    private let classes: Int
    private let temperature: Double
    private let overPixels: Bool
    private let isBernoulli: Bool
    private let reduction: String
    private let factor: Double
    private let reliabilityWeight: Double
    private let teacherProjectorLearns: Bool

    public init(_ setup: MethodSetup) throws {
        form = ClassProjector.Form(rawValue: setup.text("projector"))!
        temperature = setup.number("temperature")
        overPixels = setup.text("weighting") == "pixels"
        isBernoulli = setup.text("divergence") == "bernoulli"
        reduction = setup.text("reduction")
        factor = setup.flag("temperatureSquared") ? temperature * temperature : 1
        reliabilityWeight = setup.number("reliabilityWeight")
        teacherProjectorLearns = setup.flag("teacherProjectorLearns")
        let (student, teacher) = (setup.studentChannels["features"]!, setup.teacherChannels["features"]!)
        classes = form == .none ? student : setup.classes
        if form == .none {
            try setup.checkClasses(
                of: "features", "heteroakd without projectors", remedy: "leave projector at \(ClassProjector.Form.words[0])")
        }
        let own = ClassProjector(form, from: student, to: classes)
        projector = ["student": own, "teacher": ClassProjector(form, from: teacher, to: classes)]
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let (student, teacher) = (shapes.student["features"]!, shapes.teacher["features"]!)
        let (own, other) = (student[0] * student[2] * student[3], teacher[0] * teacher[2] * teacher[3])
        // The student's map gets a gradient, the teacher's none.
        let projecting =
            own * (form.valuesKept(from: student[1], to: classes) + (form == .none ? 0 : student[1]))
            + other * form.valuesKept(from: teacher[1], to: classes)
        // Signs, two entropies with what they are taken of, trust, mixture, gain, weights, target, logarithm and product; three gradients; the teacher's
        // scores resized if need be.
        return 4 * (projecting + own * classes * (student.suffix(2) == teacher.suffix(2) ? 15 : 16))
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let student = projected("student", inputs.student["features"]!, inputs)
        let teacher = resized(projected("teacher", inputs.teacher["features"]!.detach(), inputs), to: student)
        let signs = KnowledgeMixture.signs(inputs.targets(on: student), classes: classes, dtype: student.dtype)
        let ignored = inputs.ignored(on: student)
        let pixels = inputs.positions(on: student)
        func known(_ map: Tensor) -> Tensor { ignored.map { map.maskedFill($0, 0) } ?? map }

        let mixture = KnowledgeMixture(teacher: teacher, student: student, signs: signs, ignored: ignored, overPixels: overPixels)
        let scores = teacherProjectorLearns ? student.detach() + mixture.trust * (teacher - student.detach()) : mixture.scores
        let sum = known(isBernoulli ? bernoulli(scores, student, mixture.weights) : crossEntropy(scores, student, mixture.weights)).sum()
        let mean =
            switch reduction {
            case "elements": sum / (pixels * classes)
            case "images": sum / Double(student.size(0))
            default: sum / pixels
            }
        let hybrid = mean * factor
        let entropies = KnowledgeMixture.entropy(student, signs) + KnowledgeMixture.entropy(teacher, signs)
        let reliability = known(entropies).sum() / (pixels * classes)
        return MethodLoss(hybrid + reliability * reliabilityWeight, terms: [("hybrid", hybrid), ("reliability", reliability)])
    }

    private func projected(_ side: String, _ map: Tensor, _ inputs: MethodInputs) -> Tensor {
        projector[side]!(map.fullPrecision, ignoring: inputs.ignored(on: map)!)
    }

    /// − W · p(Zh) · log p(Zs), p = softmax over the classes of Z / T.
    private func crossEntropy(_ target: Tensor, _ student: Tensor, _ weights: Tensor) -> Tensor {
        -((target / temperature).softmax(1) * weights * (student / temperature).logSoftmax(1))
    }

    /// W · KL of the Bernoulli distributions σ(Zh / T) and σ(Zs / T).
    private func bernoulli(_ target: Tensor, _ student: Tensor, _ weights: Tensor) -> Tensor {
        let (h, s) = (target / temperature, student / temperature)
        let p = h.sigmoid()
        let gap = F.binaryCrossEntropy(logits: s, p, reduction: .none) - F.binaryCrossEntropy(logits: h, p, reduction: .none)
        return gap * weights
    }
}
