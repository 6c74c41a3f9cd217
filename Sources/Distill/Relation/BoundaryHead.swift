import Torch
import TorchNN

/// A map of boundaries learned from a backbone's stages, as IRNet's (Ahn et al. 2019): a 1×1 convolution to 32 channels, group normalisation and
/// ReLU for each, resized to the finest, then a 1×1 convolution to one channel and a sigmoid.
final class BoundaryHead: Module {
    let stages: [BoundaryBranch]
    let fuse: Conv2d

    init(_ channels: [Int]) {
        stages = channels.map { BoundaryBranch($0) }
        fuse = Conv2d(BoundaryBranch.width * channels.count, 1, kernel: 1)
    }

    /// B×1×h×w from the stages' maps.
    /// - Parameters:
    ///   - counted: for each map B×1×h×w, 1 where a position is not ignored, else 0.
    ///   - size: of the result.
    func callAsFunction(_ maps: [Tensor], counted: [Tensor], size: [Int]) -> Tensor {
        let branches = zip(stages, zip(maps, counted)).map { stage, map in F.bilinear(stage(map.0, counted: map.1), size) }
        return fuse(.concatenate(branches, 1)).sigmoid()
    }
}

/// One stage in a ``BoundaryHead``; statistics are those of the positions that are not ignored, the others become 0.
final class BoundaryBranch: Module {
    static let width = 32
    private static let groups = 4
    private static let eps = 1e-5

    let conv: Conv2d
    let weight: Tensor
    let bias: Tensor

    override class var keys: [String: String] { ["weight": "norm.weight", "bias": "norm.bias"] }

    init(_ channels: Int) {
        conv = Conv2d(channels, Self.width, kernel: 1, bias: false)
        weight = .ones([Self.width])
        bias = .zeros([Self.width])
        super.init()
        markTrainable()
    }

    func callAsFunction(_ map: Tensor, counted: Tensor) -> Tensor {
        // What is ignored may hold anything.
        let x = conv(map.maskedFill(counted .== 0.0, 0))
        let grouped = x.reshape(x.size(0), Self.groups, Self.width / Self.groups, x.size(2), x.size(3))
        let keep = counted.unsqueeze(1)
        let count = (keep.sum([2, 3, 4], keepDimensions: true) * (Self.width / Self.groups)).clamp(min: 1)
        let centred = (grouped - (grouped * keep).sum([2, 3, 4], keepDimensions: true) / count) * keep
        let variance = centred.square().sum([2, 3, 4], keepDimensions: true) / count
        let normed = (centred * (variance + Self.eps).rsqrt()).reshape(x.shape)
        return F.relu(normed * weight.reshape(1, -1, 1, 1) + bias.reshape(1, -1, 1, 1)) * counted
    }
}
