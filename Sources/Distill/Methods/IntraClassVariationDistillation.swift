import Recipes
import Torch
import TorchNN

/// `ifvd`: how like its class's mean every pixel's feature is, as in the teacher.
///
/// For every image: m = mean feature of a class (denominator count + 1e-6), s = cosine of a pixel's feature and its class's m;
/// L = mean over all positions of (s of the student − s of the teacher)²; where the label is ignored, both count as equal.
/// Source: Wang et al. 2020; reduction and constants as in CIRKD (Yang et al. 2022).
public final class IntraClassVariationDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "ifvd", doc: "Intra-class feature variation distillation (Wang et al. 2020).",
        weight: 20, weightDoc: "Factor of the loss. 20: CIRKD v1.",
        taps: [TapSchema("features", teacher: "features", student: "features", doc: "a stage or the head's features.")],
        needsLabels: true)

    private let classes: Int

    public init(_ setup: MethodSetup) throws { classes = setup.classes }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let (student, teacher) = (shapes.student["features"]!, shapes.teacher["features"]!)
        let positions = student[0] * student[2] * student[3]
        // Three gradients of the student's map; the teacher's resized if need be; which class, and products with all classes and their gradient.
        let maps = 3 * student[1] + (student.suffix(2) == teacher.suffix(2) ? 0 : teacher[1])
        return 4 * positions * (maps + 4 * classes)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let student = inputs.student["features"]!.fullPrecision
        let teacher = aligned(inputs.teacher["features"]!, to: student)
        let labels = inputs.labels(on: student)!.flatten(1)
        let gap = likeness(student, labels) - likeness(teacher, labels)
        return MethodLoss(gap.maskedFill(labels .== 255, 0).square().mean())
    }

    /// Cosines of every feature and its class's mean, B×N, for `map` B×C×h×w and `labels` B×N, without putting the means back on the map.
    private func likeness(_ map: Tensor, _ labels: Tensor) -> Tensor {
        let features_BCN = map.flatten(2)
        let classes_K1 = Tensor.arange(0, classes, device: map.device).view(classes, 1)
        let members_BKN = (labels.unsqueeze(1) .== classes_K1).to(map.dtype)
        let means_BKC = members_BKN.matmul(features_BCN.transpose(1, 2)) / (members_BKN.sum(2, keepDimensions: true) + 1e-6)
        let own_B1N = labels.maskedFill(labels .== 255, 0).unsqueeze(1)
        let products_BN = means_BKC.matmul(features_BCN).gather(1, own_B1N).squeeze(1)
        let lengths_BN = means_BKC.norm([2]).clamp(min: 1e-8).gather(1, own_B1N.squeeze(1))
        return products_BN / (lengths_BN * features_BCN.norm([1]).clamp(min: 1e-8))
    }
}
