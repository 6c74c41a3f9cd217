import Recipes
import Torch
import TorchNN

/// `mgd`: from the student's map, of which a random part is hidden, two convolutions generate the teacher's.
///
/// L = 1/B · Σ over images, channels and positions that are not ignored of (G(m · conv(Fₛ)) − Fₜ)², m = 0 with probability `maskRatio`.
/// Source: Yang et al. 2022 (MGD), with the public code's reduction; there the weight is called α, the ratio λ.
public final class MaskedGenerativeDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "mgd", doc: "Masked generative distillation: the teacher's map from a part of the student's (Yang et al. 2022).",
        weight: 2e-5, weightDoc: "Factor of the loss, which is a sum over channels and positions. 0.00002: MGD for segmentation.",
        settings: [
            SettingSchema(
                "maskRatio", .number(0...1, exclusive: false), default: .number(0.75),
                doc: "The share that is hidden. 0.75: MGD for segmentation.")
        ],
        taps: [TapSchema("features", teacher: "stage4", student: "stage4", doc: "a stage, or the head's features.")])

    public static let draws = [MaskedGeneration.maskDraw]

    public let maskRatio: Double
    let projector: Projector
    let generator: Sequential

    public init(_ setup: MethodSetup) {
        maskRatio = setup.number("maskRatio")
        projector = setup.projector()
        generator = MaskedGeneration.generator(setup.teacherChannels["features"]!)
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        MaskedGeneration.peakMemory(shapes.student["features"]!, teacherChannels: shapes.teacher["features"]![1])
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let student = inputs.layer(inputs.student["features"]!, projector.callAsFunction)
        let teacher = aligned(inputs.teacher["features"]!, to: student)
        let ignored = inputs.ignored(on: student)
        let hidden = MaskedGeneration.hidden(maskRatio, of: student, inputs, ignoring: ignored)
        let error = Distance.squared(inputs.layer(student.maskedFill(hidden, 0), generator.callAsFunction), teacher, ignoring: ignored)
        return MethodLoss(error / Double(student.size(0)))
    }
}
