import Recipes
import Torch
import TorchNN

/// `fitnet`: the student's map, through a 1×1 convolution, becomes the teacher's.
///
/// L = mean over images, channels and positions that are not ignored of (conv(Fₛ) − Fₜ)².
/// Source: Romero et al. 2015; weight and the convolution at equal widths too as in CIRKD (Yang et al. 2022).
public final class FitNet: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "fitnet", doc: "Mean squared difference of feature maps through a 1×1 convolution (Romero et al. 2015).",
        weight: 10, weightDoc: "Factor of the loss. 10: CIRKD v1.",
        taps: [TapSchema("features", teacher: "features", student: "features", doc: "a stage, or the head's features.")])

    let projector: Projector

    public init(_ setup: MethodSetup) { projector = setup.projector(always: true) }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // The projected map, its gradient, and both maps without the ignored positions; the teacher's resized if need be.
        let (student, teacher) = (shapes.student["features"]!, shapes.teacher["features"]!)
        let copies = student.suffix(2) == teacher.suffix(2) ? 4 : 5
        return 4 * copies * student[0] * teacher[1] * student[2] * student[3]
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let student = inputs.layer(inputs.student["features"]!, projector.callAsFunction)
        let teacher = aligned(inputs.teacher["features"]!, to: student)
        let error = Distance.squared(student, teacher, ignoring: inputs.ignored(on: student))
        return MethodLoss(error / (inputs.positions(on: student) * student.size(1)))
    }
}
