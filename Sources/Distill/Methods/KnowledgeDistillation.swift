import Recipes
import Torch
import TorchNN

/// `kd`: the student's class distribution at each pixel is pulled to the teacher's.
///
/// L = T² · mean over the pixels that are not ignored of Σₖ pₜ (log pₜ − log pₛ), p = softmax over the classes of logits / T.
/// Source: Hinton et al. 2015, pixel by pixel as in CIRKD (Yang et al. 2022).
public final class KnowledgeDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "kd", doc: "Pixel-wise knowledge distillation of the class distributions (Hinton et al. 2015).",
        weight: 1, weightDoc: "Factor of the loss. 1: CIRKD v1.",
        settings: [
            SettingSchema("temperature", .positive, default: .number(1), doc: "Softens both distributions. 1: CIRKD v1."),
            SettingSchema(
                "reversed", .flag, default: false, doc: "Whether the student's distribution comes first: Σ pₛ (log pₛ − log pₜ)."),
        ],
        taps: [TapSchema("logits", teacher: "logits", student: "logits", doc: "class scores.")])

    public let temperature: Double
    private let isReversed: Bool

    public init(_ setup: MethodSetup) throws {
        temperature = setup.number("temperature")
        isReversed = setup.flag("reversed")
        try setup.checkClasses(of: "logits", "kd", remedy: "distil features with cwd")
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // Two log-softmaxes, the pointwise divergence, the student's gradient, two maps without the ignored pixels; the teacher's resized
        // map if need be; reversed, the student's probabilities and two gradients more.
        let student = shapes.student["logits"]!.reduce(1, *)
        return 4 * student * ((shapes.teacher["logits"]! == shapes.student["logits"]! ? 6 : 7) + (isReversed ? 3 : 0))
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        var student = inputs.student["logits"]!.fullPrecision
        var teacher = aligned(inputs.teacher["logits"]!, to: student)
        if let ignored = inputs.ignored(on: student) {
            // Equal scores: nothing to learn, and no gradient.
            (student, teacher) = (student.maskedFill(ignored, 0), teacher.maskedFill(ignored, 0))
        }
        let (logP, logQ) = (softened(teacher), softened(student))
        let divergence =
            isReversed ? (logQ.exp() * (logQ - logP)).sum() : Divergence.kullbackLeibler(teacher: logP, student: logQ)
        return MethodLoss(divergence * (temperature * temperature) / inputs.positions(on: student))
    }

    private func softened(_ logits: Tensor) -> Tensor {
        let rows = logits.pixelRows
        return (temperature == 1 ? rows : rows / temperature).logSoftmax(1)
    }
}
