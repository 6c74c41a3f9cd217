import Support
import Torch

/// The tensors that `segdistill parity loss NAME` was given, which are taken one by one.
struct ParityInputs {
    /// Of the loss.
    let name: String
    private let names: [String]
    private var rest: [String: Tensor]

    init(_ inputs: [String: Tensor], of name: String) { (self.name, names, rest) = (name, inputs.keys.sorted(), inputs) }

    /// Whether `tensor` is there and has not been taken.
    func has(_ tensor: String) -> Bool { rest[tensor] != nil }

    /// - Parameter shape: nil stands for any length.
    /// - Throws: `UserError` when there is none, or it has another shape.
    mutating func take(_ tensor: String, _ shape: [Int?]) throws -> Tensor {
        guard let found = rest.removeValue(forKey: tensor) else {
            throw UserError("expected the tensor '\(tensor)', found \(names.joined(separator: ", "))", hint: hint)
        }
        guard found.shape.count == shape.count, zip(found.shape, shape).allSatisfy({ $1 == nil || $0 == $1 }) else {
            let wanted = shape.map { $0.map(String.init) ?? "·" }.joined(separator: "×")
            throw UserError("expected '\(tensor)' of the shape \(wanted), found \(found.shape)")
        }
        return found
    }

    /// - Throws: `UserError` when something has not been taken.
    func finish() throws {
        if let tensor = rest.keys.min() { throw UserError("the loss takes no tensor '\(tensor)'", hint: hint) }
    }

    private var hint: String { "segdistill parity loss \(name) --describe lists what the loss takes." }
}
