import Recipes
import Torch
import TorchNN

/// `at`: the student looks where the teacher looks.
///
/// a = mean over the channels of F², a vector of length 1 for each image; L = mean over images and positions that are not ignored of
/// (aₛ − aₜ)².
/// Source: Zagoruyko and Komodakis 2017; reduction and weight as in CIRKD (Yang et al. 2022).
public final class AttentionTransfer: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "at", doc: "Attention transfer: where the maps are active, whatever their widths (Zagoruyko and Komodakis 2017).",
        weight: 10000, weightDoc: "Factor of the loss. 10000: CIRKD v1.",
        taps: [TapSchema("features", teacher: "features", student: "features", doc: "a stage, or the head's features.")])

    public init(_ setup: MethodSetup) {}

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // The gradient of the student's map; what else there is has one channel.
        let student = shapes.student["features"]!
        return 4 * (student.reduce(1, *) + 12 * student[0] * student[2] * student[3])
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let student = inputs.student["features"]!.fullPrecision
        let teacher = inputs.teacher["features"]!.detach().fullPrecision
        let size = Array(student.shape.suffix(2))
        let maps = [student, teacher].map { Attention.vector(of: $0, size: size, inputs) }
        return MethodLoss(F.mse(maps[0], maps[1], reduction: .sum) / inputs.positions(on: student))
    }
}
