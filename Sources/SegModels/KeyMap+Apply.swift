import Support
import Torch
import TorchNN

extension KeyMap {
    /// The file's tensors under the model's names.
    /// - Throws: `UserError` when two tensors get one name.
    package func callAsFunction(_ tensors: [String: Tensor], from source: String) throws -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        var parts: [String: [Tensor?]] = [:]
        func put(_ tensor: Tensor, _ name: String) throws {
            guard !dropping.contains(where: { matches(prefix + name, $0) }) else { return }
            if result.updateValue(tensor, forKey: prefix + name) != nil {
                throw UserError("\(source): two tensors are both \(prefix + name) in the model")
            }
        }
        for (name, tensor) in completed(tensors) {
            guard let (rule, place, captures) = find(name) else {
                try put(tensor, name)
                continue
            }
            switch rule {
            case .rename(_, let target): try put(tensor, Pattern.fill(target, captures))
            case .convert(_, let target, let load, _): try put(load(tensor), Pattern.fill(target, captures))
            case .join(let patterns, let target, _):
                parts[Pattern.fill(target, captures), default: Array(repeating: nil, count: patterns.count)][place] = tensor
            case .split(_, let targets, let sizes):
                let pieces = tensor.split(sizes.map { $0 * tensor.size(0) / sizes.reduce(0, +) })
                for (target, piece) in zip(targets, pieces) { try put(piece, Pattern.fill(target, captures)) }
            case .drop, .copy: break
            }
        }
        for (name, pieces) in parts {
            let template = pieces.lazy.compactMap(\.self).first!
            try put(.concatenate(pieces.map { $0 ?? template.zerosLike() }, 0), name)
        }
        return result
    }

    /// With the copies that the file leaves out.
    private func completed(_ tensors: [String: Tensor]) -> [String: Tensor] {
        var result = tensors
        for case .copy(let pattern, let copy) in rules {
            for (name, tensor) in tensors {
                guard let captures = Pattern.captures(of: name, in: pattern) else { continue }
                let other = Pattern.fill(copy, captures)
                // No two tensors of a network share memory.
                if result[other] == nil { result[other] = tensor.clone() }
            }
        }
        return result
    }

    /// The rule for a name of the file, which of its patterns fits, and what the wildcards stand for.
    private func find(_ name: String) -> (Rule, Int, [Substring])? {
        for rule in rules {
            let patterns: [String]
            switch rule {
            case .rename(let pattern, _), .drop(let pattern), .convert(let pattern, _, _, _), .split(let pattern, _, _):
                patterns = [pattern]
            case .join(let several, _, _): patterns = several
            case .copy: patterns = []
            }
            for (place, pattern) in patterns.enumerated() {
                if let captures = Pattern.captures(of: name, in: pattern) { return (rule, place, captures) }
            }
        }
        return nil
    }

    /// A head's map with that of the backbone below it, for files that hold both.
    /// - Parameter dropping: tensors of the backbone that it has no use for, under its names.
    package static func joining(_ head: KeyMap, _ backbone: KeyMap, dropping: [String] = []) -> KeyMap {
        let place = "backbone." + backbone.prefix
        let below = backbone.rules.map { $0.prefixed(file: head.backbonePrefix, model: place) }
        let rest: [Rule] = [.rename(head.backbonePrefix + "*", to: place + "*")]
        return KeyMap(
            head.file, head.origin, recognizedBy: head.recognizedBy, alongside: backbone.recognizedBy.map { head.backbonePrefix + $0 },
            butNot: head.butNot + backbone.butNot.map { head.backbonePrefix + $0 }, rules: head.rules + below + rest,
            dropping: (dropping + backbone.dropping).map { place + $0 })
    }

    /// With more rules, after its own.
    func adding(_ more: [Rule]) -> KeyMap {
        KeyMap(
            file, origin, recognizedBy: recognizedBy, alongside: alongside, butNot: butNot, rules: rules + more, prefix: prefix,
            dropping: dropping, isBackbone: isBackbone, backbonePrefix: backbonePrefix)
    }

    /// With the same rules, whatever the file holds.
    var recognizedByHead: KeyMap { KeyMap(file, origin, recognizedBy: [], rules: rules, prefix: prefix, dropping: dropping) }

    /// This map for a network that has the backbone under `place`, without what only the backbone's classifier needs.
    package func below(_ place: String, dropping: [String]) -> KeyMap {
        KeyMap(
            file, origin, recognizedBy: recognizedBy, alongside: alongside, butNot: butNot, rules: rules, prefix: place + prefix,
            dropping: (dropping + self.dropping).map { place + $0 }, isBackbone: true)
    }
}

extension KeyMap.Rule {
    func prefixed(file: String, model: String) -> Self {
        switch self {
        case .rename(let name, let target): .rename(file + name, to: model + target)
        case .join(let names, let target, let orZeros): .join(names.map { file + $0 }, to: model + target, orZeros: orZeros)
        case .convert(let name, let target, let load, let save): .convert(file + name, to: model + target, load: load, save: save)
        case .split(let name, let targets, let parts): .split(file + name, to: targets.map { model + $0 }, parts: parts)
        case .drop(let name): .drop(file + name)
        case .copy(let name, let copy): .copy(file + name, to: file + copy)
        }
    }
}

/// Names with wildcards.
enum Pattern {
    /// What each `*` of `pattern` stands for in `name`, as few characters as fit; nil if the name does not fit.
    static func captures(of name: String, in pattern: String) -> [Substring]? {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard name.hasPrefix(pieces[0]) else { return nil }
        return captures(name.dropFirst(pieces[0].count), pieces.dropFirst())
    }

    private static func captures(_ rest: Substring, _ pieces: ArraySlice<Substring>) -> [Substring]? {
        guard let piece = pieces.first else { return rest.isEmpty ? [] : nil }
        if pieces.count == 1 {
            guard rest.hasSuffix(piece) else { return nil }
            return [rest.dropLast(piece.count)]
        }
        var start = rest.startIndex
        while let found = rest[start...].range(of: piece) {
            if let others = captures(rest[found.upperBound...], pieces.dropFirst()) { return [rest[..<found.lowerBound]] + others }
            guard found.lowerBound < rest.endIndex else { return nil }
            start = rest.index(after: found.lowerBound)
        }
        return nil
    }

    static func fill(_ pattern: String, _ captures: [Substring]) -> String {
        var pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)[...]
        var result = String(pieces.removeFirst())
        for (piece, capture) in zip(pieces, captures) { result += capture + piece }
        return result
    }
}
