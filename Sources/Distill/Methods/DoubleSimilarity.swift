import Recipes
import Support
import Torch
import TorchNN

/// `dsd`: the student's changes of attention from map to map, and its similarities of classes, become the teacher's.
///
/// pixel: a = mean over the channels of F², as a vector of length 1 for each image; rₙₘ = (aₘ − aₙ) / |aₘ − aₙ| for each pair n < m of the
/// stages; mean over pairs, images and positions that are not ignored of (rₛ − rₜ)².
/// category: scores, average-pooled 2×2, p = softmax over the positions of scores / τ; mean over images and entries of (pₛ pₛᵀ − pₜ pₜᵀ)².
/// L = `pixelWeight` · pixel + `categoryWeight` · category.
/// Source: Feng et al. 2021 (double similarity distillation); reductions, constants and maps as in CIRKD (Yang et al. 2022).
public final class DoubleSimilarity: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "dsd", doc: "Double similarity distillation: changes of attention between maps, similarities of classes (Feng et al. 2021).",
        weight: 1, weightDoc: "Factor of both terms. They have weights of their own.",
        settings: [
            SettingSchema("pixelWeight", .nonNegative, default: .number(1000), doc: "Factor of the term 'pixel'. 1000: CIRKD v1."),
            SettingSchema("categoryWeight", .nonNegative, default: .number(10), doc: "Factor of the term 'category'. 10: CIRKD v1."),
            SettingSchema("temperature", .positive, default: .number(4), doc: "Softens the distributions over positions. 4: CIRKD v1."),
        ],
        taps: [
            TapSchema("logits", teacher: "logits", student: "logits", doc: "class scores."),
            TapSchema(
                list: "stage", teacher: ["stage4", "features", "logits"], student: ["stage4", "features", "logits"],
                doc: "maps, from shallow to deep; at least two."),
        ])

    public let pixelWeight: Double
    public let categoryWeight: Double
    public let temperature: Double
    private let stages: [String]
    /// What a softmax gives no weight.
    private static let nowhere = -1e6

    public init(_ setup: MethodSetup) throws {
        pixelWeight = setup.number("pixelWeight")
        categoryWeight = setup.number("categoryWeight")
        temperature = setup.number("temperature")
        stages = (1...).lazy.map { "stage\($0)" }.prefix { setup.studentChannels[$0] != nil }.map { $0 }
        guard stages.count >= 2 else {
            throw UserError(
                "dsd compares how attention changes from one map to the next, but was given \(stages.count)",
                hint: "Name at least two maps in taps.teacherStages and taps.studentStages.")
        }
        try setup.checkClasses(of: "logits", "dsd", remedy: "distil attention with at")
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // The gradient of each of the student's maps; two sets of scores without the ignored pixels.
        let maps = stages.map { shapes.student[$0]!.reduce(1, *) }.reduce(0, +)
        return 4 * (maps + 3 * shapes.student["logits"]!.reduce(1, *))
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let (pixel, category) = (pixel(inputs), category(inputs))
        return MethodLoss(pixel * pixelWeight + category * categoryWeight, terms: [("pixel", pixel), ("category", category)])
    }

    private func pixel(_ inputs: MethodInputs) -> Tensor {
        let student = stages.map { inputs.student[$0]!.fullPrecision }
        let teacher = stages.map { inputs.teacher[$0]!.detach().fullPrecision }
        // The finest of the student's grids.
        let finest = student.max { $0.size(2) * $0.size(3) < $1.size(2) * $1.size(3) }!
        let size = Array(finest.shape.suffix(2))
        let (studentMaps, teacherMaps) = (
            student.map { Attention.vector(of: $0, size: size, inputs) }, teacher.map { Attention.vector(of: $0, size: size, inputs) }
        )
        var sum = Tensor.zeros([], dtype: finest.dtype, device: finest.device)
        var pairs = 0.0
        for n in stages.indices {
            for m in stages.indices where m > n {
                let changes = [studentMaps, teacherMaps].map { ($0[m] - $0[n]).normalized(1) }
                sum = sum + F.mse(changes[0], changes[1], reduction: .sum)
                pairs += 1
            }
        }
        return sum / (inputs.positions(on: finest) * pairs)
    }

    private func category(_ inputs: MethodInputs) -> Tensor {
        let student = inputs.student["logits"]!.fullPrecision
        let ignored = inputs.ignored(on: student)
        let maps = [student, aligned(inputs.teacher["logits"]!, to: student)].map { similarity($0, ignored) }
        return F.mse(maps[0], maps[1])
    }

    /// B×K×K: how much the classes' distributions over the positions overlap.
    private func similarity(_ scores: Tensor, _ ignored: Tensor?) -> Tensor {
        func pooled(_ map: Tensor) -> Tensor { F.avgPool2d(map, kernel: [2, 2], ceilMode: true) }
        var map = scores
        if let ignored {
            // The mean of each window's pixels that count.
            let share = pooled((.!ignored).to(scores.dtype))
            map = pooled(scores.maskedFill(ignored, 0)) / share.clamp(min: 0.1)
            map = map.maskedFill(share .== 0, Self.nowhere)
        } else {
            map = pooled(map)
        }
        let places = (map.flatten(2) / temperature).softmax(2)
        return places.matmul(places.transpose(1, 2))
    }
}
