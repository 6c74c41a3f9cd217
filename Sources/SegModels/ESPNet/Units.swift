import Torch
import TorchNN

// The small sequences that the ESPNet family is made of, under the names of the published files.

/// Convolution (no bias) and batch normalisation: `conv`, `bn`; then PReLU as `act` unless left out.
func convNormAct(
    _ inChannels: Int, _ outChannels: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1, eps: Double = 1e-5,
    activates: Bool = true
) -> Sequential {
    let conv = Conv2d(inChannels, outChannels, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups, bias: false)
    let layers: [(String, any Layer)] = [("conv", conv), ("bn", BatchNorm2d(outChannels, eps: eps))]
    return Sequential(named: activates ? layers + [("act", PReLU(outChannels))] : layers)
}

/// Batch normalisation and PReLU: `bn`, `act`.
func normAct(_ channels: Int, eps: Double = 1e-5) -> Sequential {
    Sequential(named: [("bn", BatchNorm2d(channels, eps: eps)), ("act", PReLU(channels))])
}

/// A convolution alone (no bias): `conv`.
func bareConv(
    _ inChannels: Int, _ outChannels: Int, kernel: Int = 1, stride: Int = 1, dilation: Int = 1, groups: Int = 1
) -> Sequential {
    let conv = Conv2d(
        inChannels, outChannels, kernel: kernel, stride: stride, padding: kernel / 2 * dilation, dilation: dilation,
        groups: groups, bias: false)
    return Sequential(named: [("conv", conv)])
}

/// Convolution, batch normalisation, PReLU numbered under `cbr`: the decoder's naming.
func numberedConvNormAct(_ inChannels: Int, _ outChannels: Int, kernel: Int = 1, groups: Int = 1) -> Sequential {
    let conv = Conv2d(inChannels, outChannels, kernel: kernel, padding: kernel / 2, groups: groups, bias: false)
    return Sequential(named: [("cbr", Sequential(conv, BatchNorm2d(outChannels), PReLU(outChannels)))])
}

/// Batch normalisation and PReLU numbered under `br`.
func numberedNormAct(_ channels: Int) -> Sequential {
    Sequential(named: [("br", Sequential(BatchNorm2d(channels), PReLU(channels)))])
}

/// EdgeNets' initialisation: convolutions normal with variance 2/fan_out, biases zero.
func initializeConvolutions(of module: Module) {
    for case (_, let conv as Conv2d) in module.namedModules() {
        Initializer.kaimingNormal(conv.weight, fan: .out)
        if let bias = conv.bias { Initializer.constant(bias, 0) }
    }
}

/// Halved by the mean over 3×3 windows: what brings the image to the size of a deeper map.
func halved(_ x: Tensor) -> Tensor {
    F.avgPool2d(x, kernel: [3, 3], stride: [2, 2], padding: [1, 1])
}
