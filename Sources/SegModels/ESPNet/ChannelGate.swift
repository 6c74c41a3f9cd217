import Torch
import TorchNN

/// A grouped 3×3 convolution weighted by channel attention from the pooled input: how ESPNetv2's decoder reads its encoder.
final class ChannelGate: Module {
    let expansion: Sequential
    let attention: Conv2d

    override class var keys: [String: String] { ["expansion": "expansion_layer", "attention": "wt_layer.1"] }

    init(_ inChannels: Int, _ outChannels: Int) {
        attention = Conv2d(inChannels, outChannels, kernel: 1, bias: false)
        if outChannels > inChannels && outChannels % inChannels == 0 {
            let layers: [any Layer] = [WideningConv(inChannels, outChannels), BatchNorm2d(outChannels), PReLU(outChannels)]
            expansion = Sequential(named: [("cbr", Sequential(layers))])
        } else {
            expansion = numberedConvNormAct(inChannels, outChannels, kernel: 3, groups: greatestCommonDivisor(inChannels, outChannels))
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        expansion(x) * attention(F.adaptiveAvgPool2d(x, [1, 1])).sigmoid()
    }
}

/// Several 3×3 filters for each channel. On the CPU every channel is repeated first, by a 1×1 convolution with ones and zeros:
/// oneDNN is fast for one filter a channel (here eight times, in bfloat16 with gradients) but not for more.
private final class WideningConv: Module, Layer {
    let weight: Tensor
    private let inChannels: Int

    init(_ inChannels: Int, _ outChannels: Int) {
        weight = Tensor.empty([outChannels, 1, 3, 3])
        self.inChannels = inChannels
        super.init()
        Initializer.kaimingNormal(weight, fan: .out)
        markTrainable()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        guard x.device == .cpu else { return F.conv2d(x, weight, padding: [1, 1], groups: inChannels) }
        let outChannels = weight.size(0)
        let own = Tensor.eye(inChannels, dtype: x.dtype).unsqueeze(1)
        let copies = own.expand([inChannels, outChannels / inChannels, inChannels]).reshape(outChannels, inChannels, 1, 1)
        return F.conv2d(F.conv2d(x, copies), weight, padding: [1, 1], groups: outChannels)
    }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
