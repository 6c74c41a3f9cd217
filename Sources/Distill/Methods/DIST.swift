import Recipes
import Torch
import TorchNN

/// `dist`: the student keeps the teacher's relations, not its scores: which classes a pixel prefers to which, and which pixels a class prefers.
///
/// y = softmax over the classes of logits / T, r Pearson's correlation of student and teacher (denominator + 1e-8):
/// - inter = 1 − mean over the pixels of r over the classes;
/// - intra = 1 − mean over the classes of r over all pixels of the batch;
/// - L = T² · (β · inter + γ · intra).
///
/// Source: Huang et al. 2022 and its public code.
public final class DIST: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "dist", doc: "Correlations between classes and within classes instead of scores (DIST, Huang et al. 2022).",
        weight: 1, weightDoc: "Factor of the loss. 1: DIST.",
        settings: [
            SettingSchema("temperature", .positive, default: .number(1), doc: "Softens both distributions. 1: DIST for segmentation."),
            SettingSchema("beta", .nonNegative, default: .number(1), doc: "Factor of the correlation over classes. 1: DIST."),
            SettingSchema("gamma", .nonNegative, default: .number(1), doc: "Factor of the correlation over pixels. 1: DIST."),
        ],
        taps: [TapSchema("logits", teacher: "logits", student: "logits", doc: "class scores.")])

    private let temperature: Double
    private let beta: Double
    private let gamma: Double

    public init(_ setup: MethodSetup) throws {
        temperature = setup.number("temperature")
        beta = setup.number("beta")
        gamma = setup.number("gamma")
        try setup.checkClasses(of: "logits", "dist", remedy: "distil features with cwd")
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // Two softmaxes, both centred in two ways, and four gradients or products; the teacher's map resized if need be.
        let (student, teacher) = (shapes.student["logits"]!, shapes.teacher["logits"]!)
        return 4 * student.reduce(1, *) * (student == teacher ? 10 : 11)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let logits = inputs.student["logits"]!.fullPrecision
        let student = (logits / temperature).softmax(1)
        let teacher = (aligned(inputs.teacher["logits"]!, to: logits) / temperature).softmax(1)
        let ignored = inputs.ignored(on: logits)
        let pixels = inputs.positions(on: logits)
        func known(_ map: Tensor) -> Tensor { ignored.map { map.maskedFill($0, 0) } ?? map }
        func centred(_ map: Tensor) -> Tensor { known(map - known(map).sum([0, 2, 3], keepDimensions: true) / pixels) }

        // Probabilities have the mean 1/K.
        let uniform = 1 / Double(logits.size(1))
        let inter = known(1 - correlation(student - uniform, teacher - uniform, over: [1])).sum() / pixels
        let within = 1 - correlation(centred(student), centred(teacher), over: [0, 2, 3]).mean()
        let intra = ignored.map { within * (.!$0).any() } ?? within
        return MethodLoss(
            (inter * beta + intra * gamma) * (temperature * temperature), terms: [("inter", inter), ("intra", intra)])
    }

    /// Of centred maps; the dimensions stay, with size 1.
    private func correlation(_ a: Tensor, _ b: Tensor, over dimensions: [Int]) -> Tensor {
        let product = (a * b).sum(dimensions, keepDimensions: true)
        return product / (a.norm(dimensions, keepDimensions: true) * b.norm(dimensions, keepDimensions: true) + 1e-8)
    }
}
