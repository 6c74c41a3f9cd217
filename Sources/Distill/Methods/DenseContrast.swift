import Recipes
import Support
import Torch
import TorchNN

/// `af-dcd`: the teacher's map, generated from a part of the student's, is close to the teacher's and tells its groups of channels apart.
///
/// reconstruction: as ``MaskedGenerativeDistillation``, 1/B · Σ (R − Fₜ)², R = G(m · conv(Fₛ)).
/// contrast: R and Fₜ are max-pooled `pool`×`pool`, cut into patches of `patch`×`patch` positions, and their channels into `groups` groups. For each
/// position i and group g of a patch, with the similarity s = −|R − Fₜ|₁ of two groups, −log(exp(s(ig, ig)/τ) / (exp(s(ig, ig)/τ) +
/// Σ over positions j and groups g′ ≠ g of the patch of exp(s(ig, jg′)/τ))); summed over groups, mean over pooled positions.
/// L = `reconstructionWeight` · reconstruction + `contrastWeight` · contrast.
/// Source: Fan et al. 2023 (augmentation-free dense contrastive distillation), with the public code's reductions.
public final class DenseContrast: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "af-dcd", doc: "Augmentation-free dense contrastive distillation, by positions and groups of channels (Fan et al. 2023).",
        weight: 1, weightDoc: "Factor of both terms. They have weights of their own.",
        settings: [
            SettingSchema(
                "reconstructionWeight", .nonNegative, default: .number(2e-6),
                doc: "Factor of the term 'reconstruction', a sum over channels and positions. 0.000002: Af-DCD on Cityscapes."),
            SettingSchema("contrastWeight", .nonNegative, default: .number(0.005), doc: "Factor of the term 'contrast'. 0.005: Af-DCD."),
            SettingSchema(
                "maskRatio", .number(0...1, exclusive: false), default: .number(0.75), doc: "The share that is hidden. 0.75: Af-DCD."),
            SettingSchema("groups", .integer(minimum: 2), default: .integer(16), doc: "Groups of the teacher's channels. 16: Af-DCD."),
            SettingSchema("pool", .integer(minimum: 1), default: .integer(4), doc: "Side of the max-pooling windows; 1: none. 4: Af-DCD."),
            SettingSchema("patch", .integer(minimum: 1), default: .integer(4), doc: "Side of a patch in pooled positions. 4: Af-DCD."),
            SettingSchema("temperature", .positive, default: .number(0.07), doc: "Of the contrast. 0.07: Af-DCD."),
        ],
        taps: [TapSchema("features", teacher: "stage4", student: "stage4", doc: "a stage, or the head's features.")])

    public static let draws = [MaskedGeneration.maskDraw]

    public let reconstructionWeight: Double
    public let contrastWeight: Double
    public let maskRatio: Double
    private let contrast: GroupContrast
    let projector: Projector
    let generator: Sequential

    public init(_ setup: MethodSetup) throws {
        let channels = setup.teacherChannels["features"]!
        let groups = setup.integer("groups")
        guard channels % groups == 0 else {
            throw UserError(
                "af-dcd cuts the teacher's \(channels) channels into \(groups) groups, which does not come out even",
                hint: "Set 'groups' to a divisor of \(channels).")
        }
        reconstructionWeight = setup.number("reconstructionWeight")
        contrastWeight = setup.number("contrastWeight")
        maskRatio = setup.number("maskRatio")
        contrast = GroupContrast(
            groups: groups, pool: setup.integer("pool"), patch: setup.integer("patch"), temperature: setup.number("temperature"))
        projector = setup.projector()
        generator = MaskedGeneration.generator(channels)
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let student = shapes.student["features"]!
        return MaskedGeneration.peakMemory(student, teacherChannels: shapes.teacher["features"]![1]) + contrast.peakMemory(student)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let student = inputs.layer(inputs.student["features"]!, projector.callAsFunction)
        let teacher = aligned(inputs.teacher["features"]!, to: student)
        let ignored = inputs.ignored(on: student)
        let hidden = MaskedGeneration.hidden(maskRatio, of: student, inputs, ignoring: ignored)
        let made = inputs.layer(student.maskedFill(hidden, 0), generator.callAsFunction)
        let reconstruction = Distance.squared(made, teacher, ignoring: ignored) / Double(student.size(0))
        let contrast = contrast(made, teacher, ignoring: ignored)
        return MethodLoss(
            reconstruction * reconstructionWeight + contrast * contrastWeight,
            terms: [("reconstruction", reconstruction), ("contrast", contrast)])
    }
}
