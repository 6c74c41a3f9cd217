import Recipes
import Torch
import TorchNN

/// `cwd`: each channel, as a distribution over the positions, is pulled to the teacher's.
///
/// L = T² / (B·C) · Σ over images, channels and positions of pₜ (log pₜ − log pₛ), p = softmax over the positions of F / T, h·w without the ignored ones.
/// A 1×1 convolution brings the student to the teacher's width where they differ.
/// Source: Shu et al. 2021; reduction and constants as in CIRKD (Yang et al. 2022).
public final class ChannelWiseDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "cwd", doc: "Channel-wise distillation of feature maps or class scores (Shu et al. 2021).",
        weight: 50, weightDoc: "Factor of the loss. 50 on features, 3 on logits: CIRKD v1.",
        settings: [
            SettingSchema("temperature", .positive, default: .number(4), doc: "Softens both distributions. 4: Shu et al. 2021.")
        ],
        taps: [TapSchema("features", teacher: "features", student: "features", doc: "a stage, the head's features, or logits.")])

    public let temperature: Double
    let projector: Projector
    /// What a softmax gives no weight.
    private static let nowhere = -1e6

    public init(_ setup: MethodSetup) throws {
        temperature = setup.number("temperature")
        projector = Projector(from: setup.studentChannels["features"]!, to: setup.teacherChannels["features"]!)
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let (student, teacher) = (shapes.student["features"]!, shapes.teacher["features"]!)
        let map = student[0] * teacher[1] * student[2] * student[3]
        // Two log-softmaxes, the pointwise divergence, the gradient, two maps without the ignored positions; a projected and a resized map if need be.
        let copies = 6 + (student[1] == teacher[1] ? 0 : 1) + (student.suffix(2) == teacher.suffix(2) ? 0 : 1)
        return 4 * map * copies
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        var student = inputs.layer(inputs.student["features"]!, projector.callAsFunction)
        var teacher = aligned(inputs.teacher["features"]!, to: student)
        if let ignored = inputs.ignored(on: student) {
            // Finite, so that an image without any label has two equal distributions.
            (student, teacher) = (student.maskedFill(ignored, Self.nowhere), teacher.maskedFill(ignored, Self.nowhere))
        }
        let channels = student.size(0) * student.size(1)
        let divergence = Divergence.kullbackLeibler(
            teacher: (teacher.flatten(2) / temperature).logSoftmax(2), student: (student.flatten(2) / temperature).logSoftmax(2))
        return MethodLoss(divergence * (temperature * temperature / Double(channels)))
    }
}
