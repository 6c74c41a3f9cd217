import Recipes
import Torch
import TorchNN

/// `skd`: how alike any two positions of an image are is to be as in the teacher.
///
/// L = mean over images and pairs of positions (i, j) of (⟨sᵢ, sⱼ⟩ − ⟨tᵢ, tⱼ⟩)², s and t the features after max-pooling, at length 1;
/// positions whose pixels are all ignored are left out of the pairs and of the mean.
/// Source: Liu et al. 2019 (structured knowledge distillation, pair-wise part); reduction and constants as in CIRKD (Yang et al. 2022).
public final class PairwiseDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "skd", doc: "Structured distillation, pair-wise part: the similarities between positions (Liu et al. 2019).",
        weight: 10, weightDoc: "Factor of the loss. 10: CIRKD v1.",
        settings: [
            SettingSchema("pool", .integer(minimum: 1), default: 2, doc: "Side of the max-pooling's cells; 1: none. 2: CIRKD v1.")
        ],
        taps: [TapSchema("features", teacher: "features", student: "features", doc: "a stage or the head's features.")])

    private let pooling: MapPooling

    public init(_ setup: MethodSetup) throws {
        let side = setup.integer("pool")
        pooling = side > 1 ? .maximum(side) : .none
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let (student, teacher) = (shapes.student["features"]!, shapes.teacher["features"]!)
        let needed = GramDistance.memory(
            batch: student[0], channels: student[1], teacherChannels: teacher[1], positions: pooling.positions(student[2], student[3]))
        // The gradient is multiplied by that of the loss into another map.
        return RelationMaps.peakMemory(shapes, "features", pooling) + needed.gradient + max(needed.working, needed.gradient)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let maps = RelationMaps(inputs, role: "features", pooling: pooling)
        let distance = GramDistance(teacher: maps.teacher, student: maps.student, counted: maps.counted)()
        return MethodLoss(distance / maps.weights.sum([1]).square().sum().clamp(min: 1))
    }
}
