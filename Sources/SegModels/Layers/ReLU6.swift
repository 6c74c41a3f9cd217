import Torch
import TorchNN

/// min(max(0, x), 6) in place: what comes before is a normalisation, whose gradient needs its input only.
func relu6_(_ x: Tensor) -> Tensor { ReLU6.op(x) }

/// ``relu6_(_:)`` as a layer.
final class ReLU6: Module, Layer {
    fileprivate static let op = Operator("aten::relu6_")

    func callAsFunction(_ x: Tensor) -> Tensor { relu6_(x) }
}
