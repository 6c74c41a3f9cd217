import Foundation

/// Which files of a repository to fetch.
public enum HubFiles: Sendable, Equatable {
    /// What a model needs: configuration, vocabulary, weights, README and licence.
    case needed
    /// These, by their paths in the repository.
    case named([String])
}

extension HubFiles {
    /// The files that a model needs, of all names in its repository: small ones first, so that where the weights are, the rest is.
    ///
    /// Of the weights: safetensors with their index; pickled checkpoints only where there are none. Where there is a plain
    /// `model.safetensors`, its variants (`model.fp16.safetensors`) are left. Files in subfolders are left.
    package static func needed(of names: [String]) -> [String] {
        let top = names.filter { !$0.contains("/") }.sorted()
        return top.filter(isDescription) + weights(of: top)
    }

    /// The weights among files at the top of a repository, indices first.
    package static func weights(of top: [String]) -> [String] {
        let files: [String]
        if top.contains(where: { $0.hasSuffix(".safetensors") }) {
            files = top.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".safetensors.index.json") }
        } else {
            let pickled = top.filter { name in pickledSuffixes.contains { name.hasSuffix($0) } }
            let ofTransformers = pickled.filter { $0.hasPrefix("pytorch_model") }
            files = ofTransformers.isEmpty ? pickled.filter { name in !training.contains { name.hasPrefix($0) } } : ofTransformers
        }
        let chosen = withoutVariants(of: "pytorch_model", withoutVariants(of: "model", files))
        return chosen.filter { $0.hasSuffix(".json") } + chosen.filter { !$0.hasSuffix(".json") }
    }

    /// Whether there are weights, and all parts of those whose names tell of parts (`…-00001-of-00003`).
    package static func isWhole(_ weights: [String]) -> Bool {
        let files = weights.filter { !$0.hasSuffix(".json") }
        let parts = Dictionary(grouping: files.compactMap(Part.init), by: \.set)
        return !files.isEmpty && parts.values.allSatisfy { $0.count == $0[0].count }
    }

    private static let pickledSuffixes = [".bin", ".bin.index.json", ".pth", ".pt"]
    private static let training = ["training_args", "optimizer", "scheduler", "random_states", "rng_state", "scaler"]

    /// Whether a file is for people: README, licence.
    static func isText(_ name: String) -> Bool {
        let lower = name.lowercased()
        return lower == "readme.md" || lower == "notice" || lower.hasPrefix("license") || lower.hasPrefix("licence")
    }

    /// What says how a network is built and fed; the words too, for networks that read.
    private static let descriptions = ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"]

    private static func isDescription(_ name: String) -> Bool { descriptions.contains(name) || isText(name) }

    /// `names` without `stem.VARIANT.type`, where `stem.type` is there, whole or in parts.
    private static func withoutVariants(of stem: String, _ names: [String]) -> [String] {
        func isPlain(_ name: String) -> Bool {
            let rest = name.dropFirst(stem.count + 1)
            return ["safetensors", "safetensors.index.json", "bin", "bin.index.json"].contains(rest)
        }
        let family = names.filter { $0.hasPrefix("\(stem).") }
        guard family.contains(where: isPlain) else { return names }
        return names.filter { !family.contains($0) || isPlain($0) }
    }

    /// A part of weights in several files: `model-00001-of-00003.safetensors`.
    private struct Part {
        let set: String
        let count: Int

        init?(_ name: String) {
            guard let place = name.range(of: "-[0-9]+-of-[0-9]+", options: .regularExpression) else { return nil }
            guard let count = name[place].split(separator: "-").last.flatMap({ Int($0) }) else { return nil }
            set = name.replacingCharacters(in: place, with: "-\(count)")
            self.count = count
        }
    }
}
