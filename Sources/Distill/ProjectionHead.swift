import Torch
import TorchNN

/// CIRKD's way from the student's width to the teacher's: 1×1 convolution, batch normalisation, ReLU, 1×1 convolution, no biases.
final class ProjectionHead: Module {
    let expand: Conv2d
    let norm: CountedBatchNorm
    let mix: Conv2d

    override class var keys: [String: String] { ["expand": "0", "norm": "1", "mix": "3"] }

    init(from studentChannels: Int, to teacherChannels: Int) {
        expand = Conv2d(studentChannels, teacherChannels, kernel: 1, bias: false)
        norm = CountedBatchNorm(teacherChannels)
        mix = Conv2d(teacherChannels, teacherChannels, kernel: 1, bias: false)
    }

    func callAsFunction(_ x: Tensor, ignoring ignored: Tensor) -> Tensor { mix(F.relu(norm(expand(x), ignoring: ignored))) }
}

/// Batch normalisation by the batch alone, by the positions that are not ignored. It is not used after training, so it keeps no statistics.
final class CountedBatchNorm: Module {
    let weight: Tensor
    let bias: Tensor
    private static let eps = 1e-5

    init(_ channels: Int) {
        weight = .ones([channels])
        bias = .zeros([channels])
        super.init()
        markTrainable()
    }

    func callAsFunction(_ x: Tensor, ignoring ignored: Tensor) -> Tensor {
        let keep = (.!ignored).to(x.dtype)
        let count = keep.sum().clamp(min: 1)
        let mean = (x * keep).sum([0, 2, 3], keepDimensions: true) / count
        let centred = (x - mean) * keep
        let scale = (centred.square().sum([0, 2, 3], keepDimensions: true) / count + Self.eps).rsqrt()
        return centred * (scale * weight.reshape(1, -1, 1, 1)) + bias.reshape(1, -1, 1, 1)
    }
}
