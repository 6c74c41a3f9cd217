import SegTesting
import Testing
import Torch

/// Operators equal PyTorch's, in value and gradient, to a relative error of 1e-5 in float32.
@Suite struct OperatorTests {
    @Test("boxed by name", arguments: OperatorCase.names)
    func boxed(_ name: String) throws {
        try withTorchErrors {
            let inputs = OperatorCase.inputs(name)
            try OperatorCase.check(name, OperatorCase.all[name]!.call(inputs), inputs)
        }
    }

    @Test("through Swift's methods", arguments: Methods.all.keys.sorted())
    func method(_ name: String) throws {
        try withTorchErrors {
            let inputs = OperatorCase.inputs(name)
            try OperatorCase.check(name, Methods.all[name]!(inputs), inputs)
        }
    }
}
