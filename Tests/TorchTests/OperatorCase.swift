import Foundation
import SegTesting
import Torch

/// One case of `Fixtures/operators.safetensors`: an operator, its arguments, PyTorch's outputs and gradients.
struct OperatorCase: Decodable {
    let `operator`: String
    let overload: String
    let arguments: [Value]

    /// An argument as the reference script describes it.
    struct Value: Decodable {
        var tensor: Int?
        var tensors: [Int]?
        var int: Int?
        var float: Double?
        var bool: Bool?
        var string: String?
        var ints: [Int]?
        var floats: [Double]?
        var none: Bool?
    }

    static let fixture = try! Fixture("operators", in: .module)
    static let all = try! fixture.settings("cases", as: [String: OperatorCase].self)
    static let names = all.keys.sorted()

    /// The inputs of a case, asking for gradients where PyTorch gave some.
    static func inputs(_ name: String) -> [Tensor] {
        var inputs: [Tensor] = []
        while let stored = fixture.tensors["\(name).in.\(inputs.count)"] {
            let input = stored.clone()
            input.requiresGrad = fixture.tensors["\(name).grad.\(inputs.count)"] != nil
            inputs.append(input)
        }
        return inputs
    }

    /// Compares `outputs`, and the gradients that they give to `inputs`, with PyTorch's.
    static func check(_ name: String, _ outputs: [Tensor], _ inputs: [Tensor]) throws {
        for (index, output) in outputs.enumerated() {
            let expected = try fixture["\(name).out.\(index)"]
            guard output.dtype == expected.dtype else {
                throw NotClose("\(name), output \(index): expected \(expected.dtype), found \(output.dtype)")
            }
            try assertClose(output, expected, "\(name), output \(index)")
        }
        guard fixture.tensors["\(name).out.\(outputs.count)"] == nil else {
            throw NotClose("\(name): \(outputs.count) outputs are fewer than PyTorch's")
        }
        guard inputs.contains(where: \.requiresGrad) else { return }
        backwardAgainstCotangent(outputs.filter(\.requiresGrad))
        for (index, input) in inputs.enumerated() {
            guard let expected = fixture.tensors["\(name).grad.\(index)"] else { continue }
            guard let gradient = input.grad else { throw NotClose("\(name): input \(index) got no gradient") }
            try assertClose(gradient, expected, "\(name), gradient \(index)")
        }
    }

    /// Calls the operator by its name with the arguments as they stand in the fixture.
    func call(_ inputs: [Tensor]) -> [Tensor] {
        let name = overload.isEmpty ? self.operator : "\(self.operator).\(overload)"
        return Operator(name).many(ArgumentList(values: arguments.map { $0.value(inputs) }))
    }
}

extension OperatorCase.Value {
    fileprivate func value(_ inputs: [Tensor]) -> any OperatorArgument {
        if let tensor { return inputs[tensor] }
        if let tensors { return tensors.map { inputs[$0] } }
        if let int { return int }
        if let float { return float }
        if let bool { return bool }
        if let string { return string }
        if let ints { return ints }
        if let floats { return floats }
        return Argument.none
    }
}

/// Arguments whose number and types are known at run time only.
private struct ArgumentList: OperatorArgument {
    let values: [any OperatorArgument]

    func push(to stack: OpaquePointer) {
        for value in values { value.push(to: stack) }
    }
}
