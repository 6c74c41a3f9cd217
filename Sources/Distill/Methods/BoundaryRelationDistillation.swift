import Recipes
import Support
import Torch
import TorchNN

/// `brd`: where the backbone's maps change, and how alike positions are, is to be as in the teacher. A reconstruction: the
/// paper's equations could not be read.
///
/// L = α · boundary + β · relation.
/// boundary = mean over positions of (1 + γ Bₜ) (Bₛ − Bₜ)², B the mean of the stages' ``BoundaryMap``s, resized to the finest of the student's.
/// relation = mean over positions i of KL(softmaxⱼ(⟨tᵢ, tⱼ⟩ / τ) ‖ softmaxⱼ(⟨sᵢ, sⱼ⟩ / τ)), i and j in one image, s and t the features at length 1,
/// average-pooled to at most `maxPositions`. Ignored positions are in none of them.
/// With `boundary: learned`, that term is ``LearnedBoundaries`` instead, and `heads`, which trains them, is added.
/// After: Boundary and Relation Distillation for Semantic Segmentation (arXiv 2401.13174), of which only descriptions in words could be read.
public final class BoundaryRelationDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "brd", doc: "Boundary and relation distillation, a reconstruction (after arXiv 2401.13174).",
        settings: [
            SettingSchema(
                "boundary", .choice(["affinity", "learned"]), default: "affinity",
                doc: "affinity: from the similarity of neighbours; learned: by heads trained on the labels. Ours."),
            SettingSchema("radius", .integer(minimum: 2), default: 5, doc: "With learned: pairs nearer than this, in positions. 5: IRNet."),
            SettingSchema("alpha", .nonNegative, default: .number(10), doc: "Factor of the boundary term. Ours."),
            SettingSchema("beta", .nonNegative, default: .number(1), doc: "Factor of the relation term. Ours."),
            SettingSchema("gamma", .nonNegative, default: .number(1), doc: "How much more the teacher's boundaries count. Ours."),
            SettingSchema(
                "reduction", .choice(BoundaryMap.Reduction.allCases.map(\.rawValue)), default: "min",
                doc: "min: the least similar neighbour makes a boundary; mean: all of them. Ours."),
            SettingSchema("temperature", .cosineTemperature, default: .number(0.1), doc: "Divides the relation's cosines. 0.1: CIRKD."),
            SettingSchema(
                "maxPositions", .integer(minimum: 1), default: 2048, doc: "Larger maps are average-pooled for the relation. Ours."),
        ],
        taps: [
            TapSchema(
                "features", teacher: "features", student: "features", doc: "for the relation: the head's features or the last stage."),
            TapSchema(
                list: "stage", teacher: ["stage1", "stage2", "stage3", "stage4"], student: ["stage1", "stage2", "stage3", "stage4"],
                doc: "for the boundaries: the backbone's stages."),
        ])

    private let weights: (alpha: Double, beta: Double, gamma: Double)
    private let reduction: BoundaryMap.Reduction
    private let temperature: Double
    private let maxPositions: Int
    private let stages: [String]
    let boundaries: LearnedBoundaries?

    public init(_ setup: MethodSetup) throws {
        weights = (setup.number("alpha"), setup.number("beta"), setup.number("gamma"))
        reduction = BoundaryMap.Reduction(rawValue: setup.text("reduction"))!
        temperature = setup.number("temperature")
        maxPositions = setup.integer("maxPositions")
        stages = Array((1...).lazy.map { "stage\($0)" }.prefix(while: { setup.studentChannels[$0] != nil }))
        guard setup.text("boundary") == "learned" else {
            boundaries = nil
            return
        }
        boundaries = LearnedBoundaries(
            teacherChannels: stages.map { setup.teacherChannels[$0]! }, studentChannels: stages.map { setup.studentChannels[$0]! },
            radius: setup.integer("radius"))
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let (student, teacher) = (shapes.student["features"]!, shapes.teacher["features"]!)
        let pooling = MapPooling.toAtMost(maxPositions, student[2], student[3])
        let relation = RelationDivergence.memory(
            batch: student[0], channels: student[1], teacherChannels: teacher[1], positions: pooling.positions(student[2], student[3]))
        let maps = stages.map { shapes.student[$0]! }
        // The maps of eight neighbours: some sixty of one channel.
        let neighbours = maps.map { 60 * $0[0] * $0[2] * $0[3] }.reduce(0, +)
        let boundary = boundaries?.peakMemory(maps, teacher: stages.map { shapes.teacher[$0]! }) ?? 4 * neighbours
        let gradients = relation.gradient + 4 * maps.map { $0.reduce(1, *) }.reduce(0, +)
        return RelationMaps.peakMemory(shapes, "features", pooling) + boundary + relation.gradient + max(relation.working, gradients)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let relation = relation(inputs)
        guard let boundaries else {
            let boundary = boundary(inputs)
            return MethodLoss(
                boundary * weights.alpha + relation * weights.beta, terms: [("boundary", boundary), ("relation", relation)])
        }
        let (teacher, student) = (stages.map { inputs.teacher[$0]!.detach() }, stages.map { inputs.student[$0]! })
        let learned = withAutocast(nil, on: student[0].device) {
            boundaries(teacher: teacher.map(\.fullPrecision), student: student.map(\.fullPrecision), inputs)
        }
        return MethodLoss(
            learned.boundary * weights.alpha + relation * weights.beta + learned.heads,
            terms: [("boundary", learned.boundary), ("relation", relation), ("heads", learned.heads)])
    }

    private func boundary(_ inputs: MethodInputs) -> Tensor {
        let finest = stages.map { inputs.student[$0]! }.max { $0.size(2) * $0.size(3) < $1.size(2) * $1.size(3) }!
        func mean(_ maps: [String: Tensor]) -> Tensor {
            let all = stages.map { [reduction] stage in
                let map = maps[stage]!.fullPrecision
                return F.bilinear(BoundaryMap.of(map, ignored: inputs.ignored(on: map), reduction), Array(finest.shape.suffix(2)))
            }
            return all.dropFirst().reduce(all[0], +) / Double(all.count)
        }
        let student = mean(inputs.student)
        let teacher = withoutGradients { mean(inputs.teacher) }
        var errors = (student - teacher).square() * (teacher * weights.gamma + 1.0)
        if let ignored = inputs.ignored(on: finest) { errors = errors.maskedFill(ignored, 0) }
        return errors.sum() / inputs.positions(on: finest)
    }

    private func relation(_ inputs: MethodInputs) -> Tensor {
        let map = inputs.student["features"]!
        let maps = RelationMaps(inputs, role: "features", pooling: .toAtMost(maxPositions, map.size(2), map.size(3)))
        let positions = maps.weights
        return RelationDivergence(
            teacher: maps.teacher, student: maps.student, weights: positions / positions.sum().clamp(min: 1), temperature: temperature)(
                acrossImages: false)
    }
}
