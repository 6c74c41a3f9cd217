import Foundation
import Support
import Torch
import TorchNN

extension VisionModel {
    /// The tensors of a file under this network's names, by the map that fits the file, and that map.
    func renamed(_ tensors: [String: Tensor], from source: String) throws -> (tensors: [String: Tensor], map: KeyMap?) {
        let wrapper = KeyMap.wrapper(tensors.keys)
        let bare = Dictionary(uniqueKeysWithValues: tensors.map { (String($0.key.dropFirst(wrapper.count)), $0.value) })
        guard let map = keyMaps.first(where: { $0.fits(bare.keys) }) else { return (withPatchKernels(bare), nil) }
        adapt(to: map.origin)
        return (withPatchKernels(try map(bare, from: source)), map)
    }

    /// The tensors with this network's ``patchKernels`` in its own size.
    func withPatchKernels(_ tensors: [String: Tensor]) -> [String: Tensor] {
        patchKernels.reduce(into: tensors) { tensors, kernel in
            guard let found = tensors[kernel.key], found.dimensions == 4, found.size(-1) != kernel.value else { return }
            tensors[kernel.key] = PatchKernel.resized(found, to: kernel.value)
        }
    }

    /// Takes a file's tensors as this network's own, without copying them; every one must fit.
    /// - Throws: `LoadError` with the names; nothing is changed then.
    @discardableResult
    func load(complete tensors: [String: Tensor], from source: String) throws -> LoadReport {
        let (found, _) = try renamed(tensors, from: source)
        adapt(to: found.mapValues(\.shape))
        return try load(found, from: source, adopting: true)
    }
}

extension Backbone {
    /// Copies a published file into this backbone: every tensor must fit. The classifier's are left out if it has none.
    /// - Throws: `LoadError` with the names, `UserError`; nothing is changed then.
    @discardableResult
    public final func load(weights tensors: [String: Tensor], from source: String) throws -> LoadReport {
        let (found, _) = try renamed(tensors, from: source)
        adapt(to: found.mapValues(\.shape))
        let own = Set(stateDict().map(\.0))
        let needless = classifierTensors.filter { pattern in !own.contains { matches($0, pattern) } }
        return try load(found.filter { name, _ in !needless.contains { matches(name, $0) } }, from: source)
    }
}

extension SegmentationModel {
    /// Copies a weights file into this model: every tensor must fit, except what is named.
    ///
    /// - Parameters:
    ///   - reinitialize: names or patterns of tensors that keep their random values even if the file holds them. The word
    ///     `head` stands for ``classifierTensors``, with ``headTensors`` when the file is a backbone's.
    ///   - discard: names or patterns of the file's tensors, under the model's names, that may be left out.
    /// - Throws: `LoadError` with the names, `UserError` when nothing but a backbone's head is missing, `TensorFileError` when the file is
    ///   malformed; nothing is changed then.
    @discardableResult
    public final func load(weights url: URL, reinitialize: [String] = [], discard: [String] = []) throws -> LoadReport {
        try load(weights: Tensor.load(url), from: url.path, reinitialize: reinitialize, discard: discard)
    }

    @discardableResult
    public final func load(
        weights tensors: [String: Tensor], from source: String, reinitialize: [String] = [], discard: [String] = []
    ) throws -> LoadReport {
        let (found, map) = try renamed(tensors, from: source)
        let head = map?.isBackbone == true ? headTensors + classifierTensors : classifierTensors
        let fresh = reinitialize.flatMap { $0 == "head" ? head : [$0] }
        let used = found.filter { name, _ in !fresh.contains { matches(name, $0) } }
        adapt(to: used.mapValues(\.shape))
        do { return try load(used, from: source, allowing: fresh + discard) } catch let error as LoadError where map?.isBackbone == true {
            let lacksHeadAlone = error.unexpected.isEmpty && error.mismatched.isEmpty
            guard lacksHeadAlone && error.missing.allSatisfy({ name in head.contains { matches(name, $0) } }) else { throw error }
            throw UserError(
                "\(source) holds a backbone alone, but \(card.name) has a head: \(error.missing.count) of its tensors are missing there",
                hint: "With reinitialize: [head] the head begins anew.")
        }
    }
}
