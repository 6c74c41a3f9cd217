import Recipes
import Torch
import TorchNN

/// `vitkd`: a vision transformer's first tokens are copied, its last are generated from a part of the student's.
///
/// mimicking: 1/B · Σ over blocks, tokens and channels of (linear(Fₛ) − Fₜ)², on the first two blocks.
/// generation: 1/(B · `maskRatio`) · Σ over the hidden tokens and channels of (G(linear(Fₛ)) − Fₜ)², after the last norm: each image hides
/// `maskRatio` of its tokens, in whose place one learned token stands; G as in ``MaskedGenerativeDistillation``.
/// L = `mimickingWeight` · mimicking + `generationWeight` · generation; tokens that are ignored count nowhere.
/// Source: Yang et al. 2022 (ViTKD), with the public code's reductions; there the weights are called α, β, the ratio λ.
public final class VisionTransformerDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "vitkd", doc: "ViTKD: a vision transformer's first tokens copied, its last generated (Yang et al. 2022).",
        weight: 1, weightDoc: "Factor of both terms. They have weights of their own.",
        settings: [
            SettingSchema(
                "mimickingWeight", .nonNegative, default: .number(3e-5), doc: "Factor of the term 'mimicking', a sum. 0.00003: ViTKD."),
            SettingSchema(
                "generationWeight", .nonNegative, default: .number(3e-6), doc: "Factor of the term 'generation', a sum. 0.000003: ViTKD."),
            SettingSchema(
                "maskRatio", .number(0...1, exclusive: true), default: .number(0.5), doc: "The share of tokens that is hidden. 0.5: ViTKD."),
        ],
        taps: [
            TapSchema("features", teacher: "patches", student: "patches", doc: "the tokens after the last norm, or a deep map."),
            TapSchema(
                list: "block", teacher: ["block.0", "block.1"], student: ["block.0", "block.1"],
                doc: "the tokens after the first blocks, or shallow maps."),
        ])

    public static let draws = [MaskedGeneration.maskDraw]

    public let mimickingWeight: Double
    public let generationWeight: Double
    public let maskRatio: Double
    let projector: Projector
    let projectors: [Projector]
    let generator: Sequential
    /// 1×C×1×1, what stands where a token is hidden.
    let maskToken: Tensor

    public override class var keys: [String: String] { ["projectors": "projector.block"] }

    public init(_ setup: MethodSetup) {
        mimickingWeight = setup.number("mimickingWeight")
        generationWeight = setup.number("generationWeight")
        maskRatio = setup.number("maskRatio")
        projectors = Self.roles(setup.studentChannels).map { setup.projector($0) }
        projector = setup.projector()
        let channels = setup.teacherChannels["features"]!
        generator = MaskedGeneration.generator(channels)
        maskToken = Tensor.zeros([1, channels, 1, 1])
        maskToken.requiresGrad = true
    }

    /// The blocks' roles, in order.
    private static func roles<Value>(_ maps: [String: Value]) -> [String] {
        Array((1...).lazy.map { "block\($0)" }.prefix { maps[$0] != nil })
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // Each block's projected map, its gradient, and both maps without the ignored tokens.
        let blocks = Self.roles(shapes.student).map { role in
            let student = shapes.student[role]!
            return 4 * 4 * student[0] * shapes.teacher[role]![1] * student[2] * student[3]
        }
        return blocks.reduce(0, +)
            + MaskedGeneration.peakMemory(shapes.student["features"]!, teacherChannels: shapes.teacher["features"]![1])
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let (mimicking, generation) = (mimicking(inputs), generation(inputs))
        return MethodLoss(
            mimicking * mimickingWeight + generation * generationWeight, terms: [("mimicking", mimicking), ("generation", generation)])
    }

    private func mimicking(_ inputs: MethodInputs) -> Tensor {
        let errors = zip(Self.roles(inputs.student), projectors).map { role, projector in
            let student = inputs.layer(inputs.student[role]!, projector.callAsFunction)
            let teacher = aligned(inputs.teacher[role]!, to: student)
            return Distance.squared(student, teacher, ignoring: inputs.ignored(on: student)) / Double(student.size(0))
        }
        return errors.dropFirst().reduce(errors[0], +)
    }

    private func generation(_ inputs: MethodInputs) -> Tensor {
        let student = inputs.layer(inputs.student["features"]!, projector.callAsFunction)
        let teacher = aligned(inputs.teacher["features"]!, to: student)
        let ignored = inputs.ignored(on: student)
        let kept = kept(student, inputs)
        let visible = ignored.map { kept .& .!$0 } ?? kept
        let made = inputs.layer(Tensor.where(visible, student, maskToken.to(student.dtype)), generator.callAsFunction)
        let error = Distance.squared(made, teacher, ignoring: ignored.map { kept .| $0 } ?? kept)
        return error / (Double(student.size(0)) * maskRatio)
    }

    /// B×1×h×w: the tokens that stay, as many in each image.
    private func kept(_ map: Tensor, _ inputs: MethodInputs) -> Tensor {
        if let mask = inputs.draws["mask"] { return mask .!= 0 }
        let (batch, tokens) = (map.size(0), map.size(2) * map.size(3))
        let count = Int(Double(tokens) * (1 - maskRatio))
        return (Tensor.rand([batch, tokens], device: map.device).ranks .< count).reshape(batch, 1, map.size(2), map.size(3))
    }
}
