import Recipes
import Support
import Torch
import TorchNN

/// `sskd-contrast`: an image's two photometric views agree at each place, and no place is like one that the network labels otherwise.
///
/// With z and z′ the embeddings of weak and strong view (``EmbeddingHead`` of the encoder's map, in length 1), P positions in the batch, T the
/// temperature, and R negatives n drawn for each position by ``NegativeSampler``:
/// L = −1/P Σ_p log(exp(⟨z_p, z′_p⟩/T) / (exp(⟨z_p, z′_p⟩/T) + Σ_n exp(⟨z_p, z_n⟩/T))).
/// What the sampler goes by, y(p) = [softmax over the queries of the masks at p ‖ the classes' probabilities weighted by them], in length 1.
/// The strong view's encoder pass has no gradient, nor has the sampler. There is no teacher.
/// Source: SSKD (CVPR workshops 2026), formula of the paper, constants of the authors' code.
public final class InstanceContrast: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "sskd-contrast", doc: "SSKD: two views of an image against positions that the network labels otherwise, without a teacher (2026).",
        weight: 0.1, weightDoc: "Factor of the loss. 0.1: SSKD's code.",
        settings: [
            SettingSchema(
                "sampler", .choice(["fusion", "mask", "class", "uniform"]), default: "fusion",
                doc: "What negatives are drawn by: masks and classes, one of both, or nothing. fusion: SSKD."),
            SettingSchema(
                "candidates", .choice(["all", "others", "same"]), default: "all",
                doc: "Where negatives come from: the whole batch, the other images, the same image. all: SSKD; others: its code."),
            SettingSchema(
                "negatives", .integer(minimum: 1), default: .integer(200),
                doc: "For each position. 200: SSKD's code; all where there are fewer."
            ),
            SettingSchema(
                "temperature", .positive, default: .number(0.07), doc: "Divides cosines, at the end of training. 0.07: SSKD's code."),
            SettingSchema(
                "startTemperature", .positive, default: .number(0.3),
                doc: "At the start; a straight line leads to the end. 0.3: SSKD's code."),
            SettingSchema(
                "maskTemperature", .positive, default: .number(0.5), doc: "Divides the masks' scores. 0.5: SSKD; 1: its final code."),
            SettingSchema(
                "normalize", .flag, default: true,
                doc: "Whether what is compared is brought to length 1. false with sampler: class: SSKD's code."),
            SettingSchema(
                "hinge", .flag, default: false, doc: "Whether max(0, s - 0.5) replaces a negative's s = cosine / T. true: SSKD's code."),
            SettingSchema(
                "strongHead", .choice(["trained", "fixed"]), default: "trained",
                doc: "Whether the strong view's head learns. trained: SSKD; fixed: its code."),
            SettingSchema("width", .integer(minimum: 1), default: .integer(128), doc: "Of the heads and embeddings. 128: SSKD's code."),
            SettingSchema(
                "maxPositions", .integer(minimum: 0), default: .integer(1024),
                doc: "A map of more positions is averaged to at most so many; 0: never. SSKD's map has 703."),
        ],
        taps: [
            TapSchema(student: "stage4", as: "features", strong: "strongFeatures", doc: "a deep map of the encoder."),
            TapSchema(student: "mask.logits", as: "masks", isOptional: true, doc: "the queries' masks; none: without."),
            TapSchema(
                student: "class.logits", as: "classes", layout: .queries, isOptional: true, doc: "the queries' classes; none: without."),
            TapSchema(
                student: TapSchema.none, as: "scores", isOptional: true,
                doc: "class scores at every pixel in the place of masks and classes, for semantic networks: logits; none: without."),
        ])

    public static let draws = [
        RandomDraw("negatives", shape: "(B·h·w)×R", doc: "int64, for each position its negatives in the flattened grid of the batch.")
    ]

    let weak: EmbeddingHead
    let strong: EmbeddingHead
    private let posterior: PixelPosterior
    private let candidates: NegativeSampler.Candidates
    private let negatives: Int
    private let temperature: (start: Double, end: Double)
    private let hasHinge: Bool
    private let width: Int
    private let maxPositions: Int

    public override class var keys: [String: String] { ["weak": "projector.weak", "strong": "projector.strong"] }

    /// - Throws: `UserError` when the student does not give what negatives are to be drawn by.
    public init(_ setup: MethodSetup) throws {
        posterior = PixelPosterior(setup)
        candidates = NegativeSampler.Candidates(rawValue: setup.text("candidates"))!
        (negatives, hasHinge) = (setup.integer("negatives"), setup.flag("hinge"))
        temperature = (setup.number("startTemperature"), setup.number("temperature"))
        (width, maxPositions) = (setup.integer("width"), setup.integer("maxPositions"))
        let channels = setup.studentChannels["features"]!
        (weak, strong) = (EmbeddingHead(from: channels, width: width), EmbeddingHead(from: channels, width: width))
        super.init()
        strong.copy(weak)
        if setup.text("strongHead") == "fixed" { strong.freeze() }
        let roles = Set(setup.studentChannels.keys)
        let missing = posterior.kind.needs(from: roles).filter { !roles.contains($0) }
        guard !missing.isEmpty else { return }
        throw UserError(
            "sskd-contrast: 'sampler: \(posterior.kind)' goes by \(missing.joined(separator: " and ")), which the student does not give",
            hint: "Take a network that predicts masks (mask2former-…); for one with class scores alone 'sampler: class' and "
                + "'taps: {studentScores: logits}'; or 'sampler: uniform'.")
    }

    public func check(batch: Int) throws { try candidates.check(batch: batch) }

    private func pooling(_ height: Int, _ width: Int) -> MapPooling {
        maxPositions == 0 ? .none : .toAtMost(maxPositions, height, width)
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let map = shapes.student["features"]!
        let pooling = pooling(map[2], map[3])
        let positions = map[0] * pooling.positions(map[2], map[3])
        let entries = ["masks", "classes", "scores"].compactMap { shapes.student[$0]?[1] }.reduce(0, +)
        // Both views' positions and the weak one's gradient; what each layer of both heads gives, with its gradient.
        let heads = 4 * positions * (3 * map[1] + 2 * 2 * 3 * width)
        return heads + PixelContrast.memory(positions: positions, width: width, posterior: entries)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let map = inputs.student["features"]!
        let pooling = pooling(map.size(2), map.size(3))
        let ignored = inputs.ignored(on: map)
        let size = pooling.size(map.size(2), map.size(3))
        /// P×C.
        func rows(_ map: Tensor) -> Tensor { pooling(map.fullPrecision, ignored).flatten(2).transpose(1, 2).flatten(0, 1) }
        let anchors = inputs.layer(rows(map)) { weak($0) }
        let positives = inputs.layer(rows(inputs.student["strongFeatures"]!.detach())) { strong($0) }
        let counted = ignored.map { pooling.counted($0.to(anchors.dtype)).flatten() }
        let posteriors = inFullPrecision(on: map.device) { posterior(inputs.student, size: size) }
        let contrast = PixelContrast(
            NegativeSampler(
                images: map.size(0), positions: size[0] * size[1], posteriors: posteriors, candidates: candidates, counted: counted),
            count: negatives, temperature: temperature.start + (temperature.end - temperature.start) * inputs.progress,
            hasHinge: hasHinge)
        let sum = contrast(anchors.normalized(1), positives.normalized(1), negatives: inputs.draws["negatives"])
        guard let counted else { return MethodLoss(sum / Double(anchors.size(0))) }
        return MethodLoss(sum / counted.sum().clamp(min: 1))
    }
}
