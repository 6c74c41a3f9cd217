import Torch
import TorchNN

/// A depth-wise convolution (no bias) with dilation, padded so that its result has its input's size, or half of it.
package final class DepthwiseConv: Module, Layer {
    package let weight: Tensor
    private let dilation: Int
    private let stride: Int

    /// - Parameters:
    ///   - kernel: odd.
    ///   - stride: 1 or 2.
    package init(_ channels: Int, kernel: Int = 3, stride: Int = 1, dilation: Int = 1) {
        weight = Tensor.empty([channels, 1, kernel, kernel])
        self.dilation = dilation
        self.stride = stride
        super.init()
        Initializer.kaimingNormal(weight, fan: .out)
        markTrainable()
    }

    package func callAsFunction(_ x: Tensor) -> Tensor {
        let isFast = dilation == 1 && (stride == 1 || x.dtype == .float32)
        guard isRecordingGradients, !isFast, x.device == .cpu, x.isContiguous(.channelsLast) else {
            return convolved(x, stride: stride, dilation: dilation)
        }
        if stride == 1 { return phased(x, dilation) }
        // An even dilation reads every other pixel only; of an odd one's results, every other is kept.
        return dilation % 2 == 0 ? phased(everyOther(x), dilation / 2) : everyOther(phased(x, dilation))
    }

    private func convolved(_ x: Tensor, stride: Int = 1, dilation: Int = 1) -> Tensor {
        let padding = weight.size(2) / 2 * dilation
        return F.conv2d(
            x, weight, stride: [stride, stride], padding: [padding, padding], dilation: [dilation, dilation], groups: weight.size(0))
    }

    private func everyOther(_ x: Tensor) -> Tensor { F.avgPool2d(x, kernel: [1, 1], stride: [2, 2]) }

    /// The convolution of dilation `d` and stride 1 by undilated ones: the pixels of each of the d×d phases that the dilation
    /// leaves apart are a small image of their own. oneDNN has no fast gradient for a dilated one (up to thirty times slower).
    private func phased(_ x: Tensor, _ d: Int) -> Tensor {
        if d == 1 { return convolved(x) }
        let (batch, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
        let (rows, columns) = ((height + d - 1) / d, (width + d - 1) / d)
        let isWhole = rows * d == height && columns * d == width
        let padded = isWhole ? x : x.pad([0, columns * d - width, 0, rows * d - height])
        let split = padded.permute(0, 2, 3, 1).reshape(batch, rows, d, columns, d, channels).permute(0, 2, 4, 1, 3, 5)
        let phases = split.reshape(batch * d * d, rows, columns, channels).permute(0, 3, 1, 2)
        let results = convolved(phases).permute(0, 2, 3, 1).reshape(batch, d, d, rows, columns, channels)
        let joined = results.permute(0, 3, 1, 4, 2, 5).reshape(batch, rows * d, columns * d, channels).permute(0, 3, 1, 2)
        return isWhole ? joined : joined[.all, .all, 0..<height, 0..<width].contiguous(.channelsLast)
    }
}
