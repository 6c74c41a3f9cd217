import Foundation
import Support
import Torch
import TorchNN

extension SegmentationModel {
    /// Copies a weights file into this model: every tensor must fit, except what is named.
    ///
    /// - Parameters:
    ///   - reinitialize: names or patterns of tensors that keep their random values even if the file holds them. The word
    ///     `head` stands for ``classifierTensors``, with ``headTensors`` when the file is a backbone's.
    ///   - discard: names or patterns of the file's tensors that may be left out.
    /// - Throws: `LoadError` with the names, `TensorFileError` when the file is malformed; nothing is changed then.
    @discardableResult
    public final func load(weights url: URL, reinitialize: [String] = [], discard: [String] = []) throws -> LoadReport {
        try load(weights: Tensor.load(url), from: url.path, reinitialize: reinitialize, discard: discard)
    }

    @discardableResult
    public final func load(
        weights tensors: [String: Tensor], from source: String, reinitialize: [String] = [], discard: [String] = []
    ) throws -> LoadReport {
        let wrapper = KeyMap.wrapper(tensors.keys)
        let names = tensors.keys.map { String($0.dropFirst(wrapper.count)) }
        let map = keyMaps.first { $0.fits(names) }
        let head = map?.isBackbone == true ? headTensors + classifierTensors : classifierTensors
        let fresh = reinitialize.flatMap { $0 == "head" ? head : [$0] }
        return try load(tensors, from: source, allowing: fresh + discard) { name in
            let bare = String(name.dropFirst(wrapper.count))
            guard let target = map.map({ $0(bare) }) ?? bare else { return nil }
            return fresh.contains { matches(target, $0) } ? nil : target
        }
    }
}
