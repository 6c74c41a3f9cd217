import Recipes
import Torch
import TorchNN

/// `cirkd-minibatch`: to which positions of every image of the batch a position is alike is to be as in the teacher.
///
/// L = mean over ordered pairs of images (p, q), p = q too, and positions i of p of KL(softmaxⱼ(⟨tᵢ, tⱼ⟩ / τ) ‖ softmaxⱼ(⟨sᵢ, sⱼ⟩ / τ)),
/// j the positions of q, s and t the features at length 1. Ignored positions are neither i nor j; images without any other are left out.
/// Source: Yang et al. 2022 (CIRKD), mini-batch part.
public final class CrossImageDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "cirkd-minibatch", doc: "Cross-image relations between the positions of the batch's images (CIRKD, Yang et al. 2022).",
        weight: 1, weightDoc: "Factor of the loss. 1: CIRKD v1.",
        settings: [
            SettingSchema("temperature", .cosineTemperature, default: .number(0.1), doc: "Divides the cosines. 0.1: CIRKD v1."),
            SettingSchema("pool", .integer(minimum: 1), default: 1, doc: "Side of the average pooling's cells; 1: none."),
        ],
        taps: [TapSchema("features", teacher: "features", student: "features", doc: "a stage or the head's features.")])

    private let temperature: Double
    private let pooling: MapPooling

    public init(_ setup: MethodSetup) throws {
        temperature = setup.number("temperature")
        let side = setup.integer("pool")
        pooling = side > 1 ? .average(side) : .none
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let (student, teacher) = (shapes.student["features"]!, shapes.teacher["features"]!)
        let needed = RelationDivergence.memory(
            batch: student[0], channels: student[1], teacherChannels: teacher[1], positions: pooling.positions(student[2], student[3]))
        // The gradient is multiplied by that of the loss into another map.
        return RelationMaps.peakMemory(shapes, "features", pooling) + needed.gradient + max(needed.working, needed.gradient)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let maps = RelationMaps(inputs, role: "features", pooling: pooling)
        let counted = maps.weights.sum([1], keepDimensions: true)
        let images = (counted .> 0.0).sum().clamp(min: 1)
        let weights = maps.weights / (counted.clamp(min: 1) * images.square())
        let divergence = RelationDivergence(teacher: maps.teacher, student: maps.student, weights: weights, temperature: temperature)
        return MethodLoss(divergence(acrossImages: true))
    }
}

extension SettingSchema.Kind {
    /// What ``RelationDivergence`` can compute.
    static var cosineTemperature: Self { .number(RelationDivergence.coldest...Double.greatestFiniteMagnitude, exclusive: false) }
}
