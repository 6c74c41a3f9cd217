import Support
import Torch
import TorchNN

extension KeyMap {
    /// The model's tensors under the file's names: what ``callAsFunction(_:from:)`` undoes.
    ///
    /// - Throws: `UserError` when reading the result back would not give the model's names again; then the map is at fault.
    package func inverted(_ tensors: [(String, Tensor)]) throws -> [(String, Tensor)] {
        var result: [(String, Tensor)] = []
        let own = Dictionary(tensors) { first, _ in first }
        for (name, tensor) in tensors { result += try fileTensors(name, tensor, among: own) }
        let back = try self(Dictionary(result) { first, _ in first }, from: file)
        let lost = own.filter { back[$0.key]?.shape != $0.value.shape }.keys.sorted()
        guard lost.isEmpty, back.count == own.count, Set(result.map(\.0)).count == result.count else {
            throw UserError(
                "the layout of \(file) has no place for: \(lost.prefix(6).joined(separator: ", "))",
                hint: "Export in another format.", exitCode: .internalError)
        }
        return result
    }

    private func fileTensors(_ full: String, _ tensor: Tensor, among own: [String: Tensor]) throws -> [(String, Tensor)] {
        guard full.hasPrefix(prefix) else { return [] }
        let name = String(full.dropFirst(prefix.count))
        for rule in rules {
            switch rule {
            case .rename(let source, let target):
                guard let captures = Pattern.captures(of: name, in: target) else { continue }
                return [(Pattern.fill(source, captures), tensor)]
            case .convert(let source, let target, _, let save):
                guard let captures = Pattern.captures(of: name, in: target) else { continue }
                return [(Pattern.fill(source, captures), save(tensor))]
            case .join(let sources, let target, let orZeros):
                guard let captures = Pattern.captures(of: name, in: target) else { continue }
                let size = tensor.size(0) / sources.count
                let parts = sources.enumerated().map { (Pattern.fill($1, captures), tensor.slice(0, $0 * size, ($0 + 1) * size)) }
                // What was filled up with zeros has no place in the file.
                return orZeros ? parts.filter { $0.1.abs().amax().item() != 0 } : parts
            case .split(let source, let targets, _):
                guard let place = targets.firstIndex(where: { Pattern.captures(of: name, in: $0) != nil }),
                    let captures = Pattern.captures(of: name, in: targets[place])
                else { continue }
                // With the first part come the others.
                if place > 0 { return [] }
                let parts = targets.compactMap { own[prefix + Pattern.fill($0, captures)] }
                return parts.count == targets.count ? [(Pattern.fill(source, captures), .concatenate(parts))] : []
            case .drop, .copy: continue
            }
        }
        return [(name, tensor)]
    }
}
