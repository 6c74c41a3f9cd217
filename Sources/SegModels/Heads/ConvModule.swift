import Torch
import TorchNN

/// A convolution without bias, batch normalisation and ReLU, under mmsegmentation's names `conv` and `bn`.
final class ConvModule: Module, Layer {
    let conv: Conv2d
    let bn: BatchNorm2d

    /// - Parameter kernel: odd; the result has the input's size.
    init(_ inChannels: Int, _ outChannels: Int, kernel: Int = 1, dilation: Int = 1, eps: Double = 1e-5, momentum: Double = 0.1) {
        conv = Conv2d(
            inChannels, outChannels, kernel: kernel, padding: kernel / 2 * dilation, dilation: dilation, bias: false)
        bn = BatchNorm2d(outChannels, eps: eps, momentum: momentum)
        super.init()
        Initializer.kaimingNormal(conv.weight, fan: .out)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { F.relu_(bn(conv(x))) }
}

/// A 3×3 convolution of each channel and a 1×1 convolution, each with normalisation and ReLU, under mmsegmentation's names.
final class SeparableConvModule: Module, Layer {
    /// As ``ConvModule``, of each channel.
    private final class Depthwise: Module, Layer {
        let conv: DepthwiseConv
        let bn: BatchNorm2d

        init(_ channels: Int, dilation: Int) {
            conv = DepthwiseConv(channels, dilation: dilation)
            bn = BatchNorm2d(channels)
        }

        func callAsFunction(_ x: Tensor) -> Tensor { F.relu_(bn(conv(x))) }
    }

    private let depthwiseConv: Depthwise
    private let pointwiseConv: ConvModule

    init(_ inChannels: Int, _ outChannels: Int, dilation: Int = 1) {
        depthwiseConv = Depthwise(inChannels, dilation: dilation)
        pointwiseConv = ConvModule(inChannels, outChannels)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { pointwiseConv(depthwiseConv(x)) }
}

/// The 1×1 convolution to the classes' scores, drawn as mmsegmentation does.
func classifier(_ inChannels: Int, _ classes: Int) -> Conv2d {
    let conv = Conv2d(inChannels, classes, kernel: 1)
    Initializer.normal(conv.weight, std: 0.01)
    Initializer.constant(conv.bias!, 0)
    return conv
}

extension BatchNorm2d {
    /// In eval mode the normalisation is x · scale + shift.
    var affine: (scale: Tensor, shift: Tensor) {
        let scale = weight * (runningVar + eps).rsqrt()
        return (scale, bias - runningMean * scale)
    }
}

/// Resized to the first map's size, joined along the channels, convolved 1×1 with `weights` end to end: as the sum of each
/// map's own convolution, computed at that map's resolution. A 1×1 convolution and bilinear resizing commute, and most of
/// the work is saved, as is the memory of the joined map.
///
/// - Parameters:
///   - weights: out × channels of each map.
///   - bias: added to the sum.
func convolvedAsJoined(_ maps: [Tensor], _ weights: [Tensor], bias: Tensor? = nil, alignCorners: Bool = false) -> Tensor {
    let size = Array(maps[0].shape.suffix(2))
    var sum: Tensor?
    for (index, (map, weight)) in zip(maps, weights).enumerated() {
        let own = F.conv2d(map, weight.reshape(weight.size(0), weight.size(1), 1, 1), bias: index == 0 ? bias : nil)
        let part = Array(own.shape.suffix(2)) == size ? own : F.bilinear(own, size, alignCorners: alignCorners)
        sum = sum.map { $0.add_(part) } ?? part
    }
    return sum!
}
