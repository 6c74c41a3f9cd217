import Foundation
import Support
import TensorFiles
import Torch

/// What was taken from a checkpoint, in numbers and names.
public struct LoadReport: Sendable, Equatable, CustomStringConvertible {
    /// Tensors of the model that were found, and all of them.
    public internal(set) var loaded = 0
    public internal(set) var expected = 0
    /// Tensors of the model that the caller allowed to be missing, or to have another shape: they kept their initial values.
    public internal(set) var initialized: [String] = []
    /// Tensors of the file that the caller allowed to be left over.
    public internal(set) var ignored: [String] = []

    public var description: String {
        var text = "\(loaded) of \(expected) tensors loaded"
        if !initialized.isEmpty { text += ", \(initialized.count) new (\(abbreviated(initialized)))" }
        if !ignored.isEmpty { text += ", \(ignored.count) of the file left out (\(abbreviated(ignored)))" }
        return text
    }
}

/// Why a checkpoint does not fit a model, by name.
public struct LoadError: UserFacingError, Equatable {
    public let source: String
    /// Tensors of the model that the file does not have.
    public let missing: [String]
    /// Tensors of the file that the model does not have.
    public let unexpected: [String]
    /// Tensors of both whose shapes differ: name, the model's shape, the file's shape.
    public let mismatched: [Mismatch]

    public struct Mismatch: Sendable, Equatable {
        public let name: String
        public let expected: [Int]
        public let found: [Int]
    }

    public var exitCode: ExitCode { .badInput }

    public var description: String {
        var lines = ["\(source) does not fit the model:"]
        if !missing.isEmpty { lines.append("  missing (\(missing.count)): \(abbreviated(missing))") }
        if !unexpected.isEmpty { lines.append("  unexpected (\(unexpected.count)): \(abbreviated(unexpected))") }
        if !mismatched.isEmpty {
            let shown = mismatched.map { "\($0.name): expected \($0.expected), found \($0.found)" }
            lines.append("  of another shape (\(mismatched.count)): \(abbreviated(shown, separator: "; "))")
        }
        lines.append("  Choose the model that the file was saved from, or name what may differ: a new head is `reinitialize: [head]`.")
        return lines.joined(separator: "\n")
    }
}

extension Module {
    /// Copies a checkpoint's tensors into this module; every one must fit, unless `allowing` names it.
    ///
    /// - Parameters:
    ///   - allowing: patterns (`head.*`) of names that may be missing, left over, or of another shape.
    ///   - adopting: takes the file's own memory and type for tensors on the CPU instead of copying them: a large file is
    ///     loaded at once, and once only. Its tensors must belong to nobody else.
    ///   - renaming: the model's name for a name in the file; nil drops the tensor silently (use it for what is no weight).
    /// - Returns: the coverage, in numbers.
    /// - Throws: ``LoadError`` with the names; nothing is changed then. `TensorFileError` when the file is malformed.
    @discardableResult
    public func load(_ url: URL, allowing: [String] = [], renaming: (String) -> String? = { $0 }) throws -> LoadReport {
        try load(Tensor.load(url), from: url.path, allowing: allowing, renaming: renaming)
    }

    @discardableResult
    public func load(
        _ tensors: [String: Tensor], from source: String, allowing: [String] = [], adopting: Bool = false,
        renaming: (String) -> String? = { $0 }
    ) throws -> LoadReport {
        let own = stateDict()
        var found: [String: Tensor] = [:]
        for (name, tensor) in tensors {
            guard let target = renaming(name) else { continue }
            if found.updateValue(tensor, forKey: target) != nil {
                throw UserError("\(source): two tensors are both named \(target) after renaming")
            }
        }
        var report = LoadReport(expected: own.count)
        var copies: [(Tensor, Tensor)] = []
        var missing: [String] = []
        var mismatched: [LoadError.Mismatch] = []
        for (name, target) in own {
            let stored = found.removeValue(forKey: name)
            if let stored, stored.shape == target.shape {
                copies.append((target, stored))
            } else if allowing.contains(where: { matches(name, $0) }) {
                report.initialized.append(name)
            } else if let stored {
                mismatched.append(.init(name: name, expected: target.shape, found: stored.shape))
            } else if !name.hasSuffix("num_batches_tracked") {
                // PyTorch files from before 0.4.1 have no such counters, and nothing is computed from them.
                missing.append(name)
            }
        }
        let leftOver = found.keys.sorted()
        report.ignored = leftOver.filter { name in allowing.contains { matches(name, $0) } }
        let unexpected = leftOver.filter { !report.ignored.contains($0) }
        guard missing.isEmpty, unexpected.isEmpty, mismatched.isEmpty else {
            throw LoadError(source: source, missing: missing, unexpected: unexpected, mismatched: mismatched)
        }
        withoutGradients {
            for (target, stored) in copies {
                if adopting, target.device == .cpu, stored.device == .cpu, target.dtype.isFloatingPoint == stored.dtype.isFloatingPoint {
                    target.setData(stored.contiguous())
                } else {
                    target.copy_(stored)
                }
            }
        }
        report.loaded = copies.count
        return report
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for any characters.
public func matches(_ name: String, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return name == pattern }
    guard name.hasPrefix(parts[0]), name.count >= parts[0].count + parts.last!.count, name.hasSuffix(parts.last!) else { return false }
    var rest = name.dropFirst(parts[0].count).dropLast(parts.last!.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
        guard let range = rest.range(of: part) else { return false }
        rest = rest[range.upperBound...]
    }
    return true
}

func abbreviated(_ names: [String], separator: String = ", ", most: Int = 6) -> String {
    let shown = names.prefix(most).joined(separator: separator)
    return names.count > most ? "\(shown)\(separator)… and \(names.count - most) more" : shown
}
