import Torch

/// max(0, x) + a · min(0, x) with one trained slope a channel: `torch.nn.PReLU`.
public final class PReLU: Module, Layer {
    private static let addcmul = Operator("aten::addcmul")

    public let weight: Tensor

    public init(_ channels: Int = 1, initial: Double = 0.25) {
        weight = Tensor.full([channels], initial)
        super.init()
        markTrainable()
    }

    /// The same values everywhere; on the CPU in the steps that LibTorch computes quickly. There its own gradient of this
    /// function visits one value at a time (eight times slower), and so does its bfloat16 for few channels, channels last.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard x.device == .cpu, x.dimensions == 4 else { return F.prelu(x, weight) }
        guard x.isContiguous(.channelsLast) else { return rectified(x, weight.view(1, -1, 1, 1)) }
        // A row of pixels with its slopes written out: long runs instead of one of a few channels for every pixel.
        let (batch, height, width, channels) = (x.size(0), x.size(2), x.size(3), x.size(1))
        let rows = x.permute(0, 2, 3, 1).view(batch * height, width * channels)
        let slopes = weight.count == 1 ? weight : weight.repeated([width])
        return rectified(rows, slopes).view(batch, height, width, channels).permute(0, 3, 1, 2)
    }

    private func rectified(_ x: Tensor, _ slopes: Tensor) -> Tensor {
        let slopes = slopes.to(x.dtype)
        guard isRecordingGradients else { return F.prelu(x, slopes.flatten()) }
        let positive = F.relu(x)
        return Self.addcmul(positive, x - positive, slopes)
    }
}
