import Support

/// The comparison in words.
public struct Verdict: Sendable, Equatable, Codable {
    /// Short enough for a heading: “Distillation helped: +2.3 mIoU points”.
    public let headline: String
    /// How sure that is, and what would make it surer.
    public let details: String

    /// - Parameters:
    ///   - arm: the arm's name, such as `kd`.
    ///   - reference: the other's, such as `plain`.
    ///   - distillation: whether `arm` is distilled and `reference` is the same student without it.
    ///   - unequal: in what else the two differ, such as `budget`; a difference may then come from that.
    ///   - measure: what was compared.
    ///   - overImages: whether the measure can be drawn again by image.
    public init(
        _ comparison: PairedComparison, arm: String, reference: String, distillation: Bool, unequal: [String] = [],
        measure: String = "mIoU", overImages: Bool = true
    ) {
        let caveat = unequal.isEmpty ? "" : ", on unequal terms (\(unequal.joined(separator: ", ")))"
        let points = "\(signedPoints(comparison.difference)) \(measure) points\(caveat)"
        let distillation = distillation && unequal.isEmpty
        let subject = distillation ? "Distillation by \(arm)" : arm
        switch comparison.outcome {
        case .better:
            headline = distillation ? "\(subject) helped: \(points)" : "\(arm) is better than \(reference): \(points)"
        case .worse:
            headline = distillation ? "\(subject) made it worse: \(points)" : "\(arm) is worse than \(reference): \(points)"
        case .noDifferenceShown: headline = "No difference shown between \(arm) and \(reference): \(points)"
        case .seedsMissing: headline = "Too few seeds for a verdict on \(arm) against \(reference): \(points)"
        }
        details = Self.details(comparison, overImages) + (unequal.isEmpty ? "" : " Part of it may come from the unequal terms.")
    }

    private static func details(_ comparison: PairedComparison, _ overImages: Bool) -> String {
        let percent = "\(Int((comparison.confidence * 100).rounded())) % interval"
        var parts: [String] = []
        if comparison.outcome == .seedsMissing {
            if let interval = comparison.imageInterval {
                parts.append("\(percent) \(words(interval)) over the choice of the \(comparison.images) test images.")
            }
            let runs = comparison.seeds.isEmpty ? "One arm has a single run" : "There is one seed"
            parts.append("\(runs), and how much the result changes with the seed is unknown: train three seeds or more.")
            return parts.joined(separator: " ")
        }
        if let interval = comparison.interval {
            let runs =
                comparison.seeds.isEmpty
                ? "\(comparison.runs[0]) and \(comparison.runs[1]) runs of different seeds" : "\(comparison.seeds.count) seeds"
            let images = comparison.imageInterval == nil ? "" : " and \(comparison.images) test images"
            parts.append("\(percent) \(words(interval)) over \(runs)\(images).")
        }
        if !comparison.seeds.isEmpty {
            parts.append("Better with \(comparison.wins) of \(comparison.seeds.count) seeds.")
        }
        if comparison.imageInterval == nil {
            parts.append(
                overImages
                    ? "The runs were not scored on the same images, so the choice of images is not accounted for."
                    : "The interval is over the seeds alone: the choice of the test images is not accounted for.")
        }
        if comparison.outcome == .noDifferenceShown {
            parts.append("The interval contains 0; more seeds would make it narrower.")
        }
        return parts.joined(separator: " ")
    }

    private static func words(_ interval: Interval) -> String {
        "\(signedPoints(interval.lower)) … \(signedPoints(interval.upper))"
    }
}
