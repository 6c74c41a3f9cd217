import SegModels
import Support
import Torch
import TorchNN
import TorchOptim

/// The student's encoder where training leaves it as it is, and the proof that it does.
struct FrozenEncoder {
    private let part: EncoderPart
    /// A hash of its parameters and buffers as they were taken over.
    private let hash: String

    /// Freezes the encoder, with its weights as they are now.
    /// - Throws: `UserError` when the network has none of its own, or is nothing else.
    init(of student: VisionModel) throws {
        part = try student.encoder()
        guard !part.path.isEmpty else {
            throw UserError(
                "\(part.name) is nothing but an encoder: frozen, nothing of it is left to train", hint: "Leave student.freeze out.")
        }
        part.module.freeze()
        hash = Self.hash(part.module)
    }

    private static func hash(_ module: Module) -> String {
        var hash = FNV()
        for (name, tensor) in module.stateDict() {
            hash.add(name)
            tensor.withUnsafeBytes { hash.add($0) }
        }
        return hash.text
    }

    /// The parameters of the student that are trained.
    func trained(_ parameters: [(String, Tensor)]) -> [(String, Tensor)] { parameters.filter { !part.holds($0.0) } }

    /// Refuses rules of the optimiser for what it does not have.
    func check(_ rules: [String], of parameters: [(String, Tensor)]) throws {
        for pattern in rules {
            let names = parameters.map(\.0).filter { matches($0, pattern) }
            guard !names.isEmpty, names.allSatisfy(part.holds) else { continue }
            throw UserError(
                "optimizer.groups: all that '\(pattern)' fits belongs to the encoder, which student.freeze keeps from training",
                hint: "Leave the group out, or set student.freeze to none.")
        }
    }

    /// Refuses to train with an encoder that is not still.
    func check(_ optimizer: any Optimizer) throws {
        let own = Set(part.module.parameters().map(ObjectIdentifier.init))
        let isTrained = optimizer.parameters.contains { own.contains(ObjectIdentifier($0.tensor)) }
        let moves = part.module.namedModules().contains { $0.1.isTraining } || part.module.parameters().contains(where: \.requiresGrad)
        guard isTrained || moves else { return }
        throw UserError("the encoder \(part.name) is to be frozen, but has parameters that are trained", exitCode: .internalError)
    }

    /// - Parameter where: in messages, what the encoder is looked at in.
    /// - Throws: `UserError` when it is not the one that was taken over, to the bit.
    func checkUnchanged(in where: String) throws {
        guard Self.hash(part.module) != hash else { return }
        throw UserError(
            "the encoder in \(`where`) is not, or no longer, the one that the recipe names",
            hint: "student.encoder, student.checkpoint or student.weights have changed since the run began. Train anew with --overwrite.")
    }
}
