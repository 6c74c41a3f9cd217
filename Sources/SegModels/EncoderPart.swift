import Support
import Torch
import TorchNN

/// The part of a network that turns the image into maps: what another network can take over, whatever its head.
public struct EncoderPart {
    /// The backbone's name; the network's, for an encoder that has none of its own.
    public let name: String
    /// Where its tensors lie among the network's: `backbone`; empty for a backbone by itself.
    public let path: String
    public let module: Module

    init(_ name: String, path: String = "", _ module: Module) {
        (self.name, self.path, self.module) = (name, path, module)
    }

    /// Whether a tensor of the network, by its name there, belongs to the encoder.
    public func holds(_ name: String) -> Bool { path.isEmpty || name.hasPrefix(path + ".") }
}

extension VisionModel {
    /// Takes over another network's encoder and nothing else of it; every tensor must fit. Kernels of patches and tables of positions may
    /// have been made for another size: they are resized, as on loading a file.
    ///
    /// - Parameter source: where the other network comes from, for messages.
    /// - Throws: `UserError` when one of the two has no encoder of its own, or they are of different kinds; `LoadError` with the names when
    ///   they are of one kind and do not fit. Nothing is changed then.
    @discardableResult
    public final func loadEncoder(of other: VisionModel, from source: String) throws -> LoadReport {
        let (mine, theirs) = (try encoder(), try other.encoder())
        guard card.normalization == other.card.normalization else {
            throw UserError(
                "the encoder of \(source) is fed in another way than \(card.name): mean \(other.card.normalization.mean) there, "
                    + "\(card.normalization.mean) here", hint: "Name the same backbone, from the same library or folder, for both.")
        }
        var tensors = Dictionary(uniqueKeysWithValues: theirs.module.stateDict())
        if let backbone = mine.module as? Backbone {
            tensors = backbone.withPatchKernels(tensors)
            if Set(tensors.keys) == Set(backbone.stateDict().map(\.0)) { backbone.adapt(to: tensors.mapValues(\.shape)) }
        }
        do { return try mine.module.load(tensors, from: source) } catch let error as LoadError where mine.name != theirs.name {
            throw UserError(
                "\(source) holds the encoder \(theirs.name), but \(card.name) stands on \(mine.name): "
                    + "\(error.missing.count) of its tensors are missing there, \(error.unexpected.count) have no place here, "
                    + "\(error.mismatched.count) have another shape",
                hint: "Name a network on \(theirs.name), or give the run of a network on \(mine.name).")
        }
    }

    /// In words, whether the stages' maps have other strides here than in the network that the encoder was trained in: a head that
    /// dilates the backbone gives its last stages sharper maps, and other neighbourhoods than they have learnt. Nil when they are alike.
    public final func strideChange(from other: VisionModel) -> String? {
        func strides(_ model: VisionModel) -> [Int] { (1...4).compactMap { model.tapStrides["stage\($0)"] } }
        let (before, now) = (strides(other), strides(self))
        guard before != now else { return nil }
        func text(_ strides: [Int]) -> String { strides.map(String.init).joined(separator: ", ") }
        return "trained at strides \(text(before)), used at \(text(now))"
    }

    /// - Throws: `UserError` when the network has no encoder of its own.
    public final func encoder() throws -> EncoderPart {
        if let encoderPart { return encoderPart }
        throw UserError(
            "\(card.name) has no encoder that could be told from its head",
            hint: "Networks of a head on a backbone have one (segdistill models list), Mask2Former and ESPNetv2 too.")
    }
}
