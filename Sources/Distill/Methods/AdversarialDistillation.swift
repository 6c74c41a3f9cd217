import Recipes
import Support
import Torch
import TorchNN

/// `adversarial`: a discriminator learns to tell the student's class scores from the teacher's, and the student to pass for the teacher.
///
/// L = −mean D(Zₛ); the discriminator's own loss, `opponentWeight` · (mean max(0, 1 − D(Zₜ)) + mean max(0, 1 + D(Zₛ))), is minimised in the same
/// step by Adam(`opponentLearningRate`, 0.9, 0.99). Scores at ignored pixels are 0 on both sides; an image without any label does not count.
/// Source: the adversarial part of SKD (Liu et al. 2019), hinge losses and constants as in CIRKD (Yang et al. 2022).
public final class AdversarialDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "adversarial", doc: "The student's class scores are to pass for the teacher's before a discriminator (SKD, Liu et al. 2019).",
        weight: 0.001, weightDoc: "Factor of the student's loss. 0.001: CIRKD v1, beside skd, ifvd or cwd.",
        settings: [
            SettingSchema("opponentWeight", .positive, default: .number(0.1), doc: "Factor of the discriminator's loss. 0.1: CIRKD v1."),
            SettingSchema(
                "opponentLearningRate", .positive, default: .number(4e-4), doc: "The discriminator's, constant. 0.0004: CIRKD v1."),
        ],
        taps: [TapSchema("logits", teacher: "logits", student: "logits", doc: "class scores.")])

    private let opponentWeight: Double
    private let learningRate: Double
    let discriminator: Discriminator

    public var opponent: Opponent? { Opponent(discriminator, learningRate: learningRate, beta1: 0.9, beta2: 0.99) }

    public init(_ setup: MethodSetup) throws {
        try setup.checkClasses(of: "logits", "adversarial", remedy: "leave the method out")
        opponentWeight = setup.number("opponentWeight")
        learningRate = setup.number("opponentLearningRate")
        discriminator = Discriminator(classes: setup.studentChannels["logits"]!)
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // Three passes: normalised scores and gradient, and for each convolution its output, what attention adds, and their gradients;
        // the weights of self-attention; the discriminator, its gradient and Adam's two averages.
        let logits = shapes.student["logits"]!
        let (batch, area) = (logits[0], logits[2] * logits[3])
        let maps = 3 * logits[1] * area + 4 * (64 * area / 4 + 128 * area / 16) + 8 * (256 * area / 64 + 512 * area / 256)
        let attention = 3 * (area / 64) * (area / 64)
        return 4 * (3 * batch * (maps + attention) + 4 * discriminator.parameterCount)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        var student = inputs.student["logits"]!.fullPrecision
        var teacher = aligned(inputs.teacher["logits"]!, to: student)
        var weights: Tensor?
        if let ignored = inputs.ignored(on: student) {
            (student, teacher) = (student.maskedFill(ignored, 0), teacher.maskedFill(ignored, 0))
            weights = (.!ignored).flatten(1).to(student.dtype).amax([1])
        }
        let loss = -mean(discriminator.judging(student), weights)
        let fake = mean(F.relu(1 + discriminator(student.detach())), weights)
        let real = mean(F.relu(1 - discriminator(teacher)), weights)
        return MethodLoss(loss, opponent: (fake + real) * opponentWeight)
    }

    /// Over positions, and over the images that have a weight.
    private func mean(_ map: Tensor, _ weights: Tensor?) -> Tensor {
        guard let weights else { return map.mean() }
        return (map.flatten(1).mean([1]) * weights).sum() / weights.sum().clamp(min: 1)
    }
}
