import Torch
import TorchNN

/// A trained factor for each channel of a residual branch, small at first (Touvron et al. 2021, CaiT); `gamma` in files.
final class LayerScale: Module, Layer {
    let gamma: Tensor

    init(_ width: Int, initial: Double = 1e-5) {
        gamma = Tensor.full([width], initial)
        super.init()
        markTrainable()
    }

    /// …×C.
    func callAsFunction(_ x: Tensor) -> Tensor { x * gamma }
}
