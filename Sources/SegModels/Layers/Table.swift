import Torch
import TorchNN

/// Learned vectors.
final class Table: Module {
    let weight: Tensor

    init(_ count: Int, _ width: Int) {
        weight = Tensor.empty([count, width])
        super.init()
        Initializer.normal(weight, std: 1)
        markTrainable()
    }
}
