import Support
import Torch
import TorchNN

/// Changes parameters along their gradients.
///
/// Parameters stay in float32 and autocast computes in bfloat16, whose range is float32's: gradients need no scaling.
/// The learning rate comes with each step, from a ``LearningRateSchedule``, so that an optimiser's ``state``
/// is all that a checkpoint has to hold.
public protocol Optimizer: AnyObject {
    var groups: [ParameterGroup] { get }

    /// One step. Parameters without a gradient are left alone.
    /// - Parameters:
    ///   - learningRate: multiplied by each group's ``ParameterGroup/learningRateScale``.
    ///   - isBroken: a float32 scalar on the parameters' device; where it is 1, nothing is changed, and the host need not know.
    func step(learningRate: Double, unless isBroken: Tensor?)

    /// Everything that the next step depends on besides parameters and gradients, by name. The tensors are the optimiser's own.
    var state: [(String, Tensor)] { get }

    /// Goes on from a saved ``state``, bit for bit.
    /// - Throws: `UserError` when a tensor is of no use here or has another shape; nothing is changed then.
    func load(state: [String: Tensor]) throws
}

extension Optimizer {
    /// One step in any case.
    public func step(learningRate: Double) { step(learningRate: learningRate, unless: nil) }

    /// All parameters, group by group.
    public var parameters: [(name: String, tensor: Tensor)] { groups.flatMap(\.parameters) }

    /// Drops all gradients, so that the next backward pass writes instead of adding.
    public func zeroGrad() {
        for group in groups {
            for parameter in group.parameters { parameter.tensor.grad = nil }
        }
    }
}

/// State is kept by name, so that two parameters of one name would share it.
func requireDistinctNames(_ groups: [ParameterGroup]) {
    var seen: Set<String> = []
    for (name, _) in groups.flatMap(\.parameters) {
        precondition(seen.insert(name).inserted, "two parameters are both named \(name)")
    }
}

/// A parameter and its gradient, in the same order in memory: LibTorch's fused kernels walk over both side by side.
struct Slot {
    let name: String
    let parameter: Tensor
    let gradient: Tensor

    /// What has a gradient in `group`.
    static func all(in group: ParameterGroup) -> [Slot] {
        group.parameters.compactMap { name, parameter in
            guard let gradient = parameter.grad else { return nil }
            let aligned = gradient.hasSameLayout(as: parameter) ? gradient : parameter.emptyLike().copy_(gradient)
            return Slot(name: name, parameter: parameter, gradient: aligned)
        }
    }
}

/// Per-parameter tensors from a checkpoint, sorted by kind: `kind.parameter` in the file becomes `[kind][parameter]`.
/// - Parameter shape: the shape that a kind has for a parameter.
func sortState(
    _ state: [String: Tensor], kinds: [String], parameters: [(name: String, tensor: Tensor)],
    shape: (_ kind: String, _ parameter: Tensor) -> [Int]
) throws -> [String: [String: Tensor]] {
    let owners = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor) })
    var sorted: [String: [String: Tensor]] = [:]
    for (name, tensor) in state.sorted(by: { $0.key < $1.key }) {
        guard let kind = kinds.first(where: { name.hasPrefix($0 + ".") }), let owner = owners[String(name.dropFirst(kind.count + 1))] else {
            throw UserError(
                "the optimiser's state holds \(name), which belongs to no trained parameter",
                hint: "Continue with the recipe that the checkpoint was written with, or start anew.")
        }
        let expected = shape(kind, owner)
        guard tensor.shape == expected else {
            throw UserError(
                "the optimiser's state \(name): expected the shape \(expected), found \(tensor.shape)",
                hint: "Continue with the recipe that the checkpoint was written with, or start anew.")
        }
        sorted[kind, default: [:]][String(name.dropFirst(kind.count + 1))] = tensor
    }
    return sorted
}
