import Torch
import TorchNN

/// What a level of branches starts with: the maps of the level before, convolved where the channels change, and one more map at half the
/// size of its smallest.
final class Transition: Module {
    private let branches: [Sequential?]

    init(_ before: [Int], _ after: [Int]) {
        branches = after.indices.map { index in
            if index >= before.count { return Sequential(convNorm(before[before.count - 1], after[index], kernel: 3, stride: 2)) }
            return before[index] == after[index] ? nil : convNorm(before[index], after[index], kernel: 3)
        }
    }

    override var members: [(key: String, member: Member)] {
        branches.enumerated().compactMap { index, branch in branch.map { ("\(index)", .module($0)) } }
    }

    func callAsFunction(_ maps: [Tensor]) -> [Tensor] {
        branches.enumerated().map { index, branch in
            branch.map { $0(index < maps.count ? maps[index] : maps[maps.count - 1]) } ?? maps[index]
        }
    }
}

/// Residual blocks on every branch; then each branch becomes the sum of all, brought to its size and channels.
final class FusionModule: Module {
    private let blocks: [[ResidualBlock]]
    /// For each branch what brings the others to it.
    private let fuseLayers: [[Sequential?]]
    private let isBilinear: Bool

    init(_ widths: [Int], blocks count: Int, isBilinear: Bool) {
        self.isBilinear = isBilinear
        blocks = widths.map { residualBlocks($0, $0, count: count, hasBottlenecks: false) }
        fuseLayers = widths.indices.map { target in
            widths.indices.map { source in
                if source == target { return nil }
                if source > target { return convNorm(widths[source], widths[target], kernel: 1, hasReLU: false) }
                return Sequential(
                    (1...(target - source)).map { step in
                        let isLast = step == target - source
                        return convNorm(
                            widths[source], isLast ? widths[target] : widths[source], kernel: 3, stride: 2, hasReLU: !isLast)
                    })
            }
        }
    }

    override var members: [(key: String, member: Member)] {
        let own = blocks.enumerated().flatMap { branch, blocks in
            blocks.enumerated().map { ("branches.\(branch).\($0)", Member.module($1)) }
        }
        let fusing = fuseLayers.enumerated().flatMap { target, layers in
            layers.enumerated().compactMap { source, layer in layer.map { ("fuse_layers.\(target).\(source)", Member.module($0)) } }
        }
        return own + fusing
    }

    func callAsFunction(_ maps: [Tensor]) -> [Tensor] {
        let branches = branches(maps)
        return branches.indices.map { fused(branches, $0) }
    }

    func branches(_ maps: [Tensor]) -> [Tensor] { zip(maps, blocks).map { map, blocks in blocks.reduce(map) { $1($0) } } }

    /// The sum over all branches at the size of one of them.
    func fused(_ maps: [Tensor], _ target: Int) -> Tensor {
        let size = Array(maps[target].shape.suffix(2))
        var sum: Tensor?
        for (source, layer) in fuseLayers[target].enumerated() {
            guard let layer else { continue }
            let own = source > target ? enlarged(layer(maps[source]), 1 << (source - target), size) : layer(maps[source])
            sum = sum.map { $0.add_(own) } ?? own
        }
        return F.relu_(sum!.add_(maps[target]))
    }

    /// By `factor`, and then to `size` where the sides were odd, as mmsegmentation does.
    private func enlarged(_ x: Tensor, _ factor: Int, _ size: [Int]) -> Tensor {
        guard isBilinear else { return F.nearest(x, size) }
        let large = F.bilinear(x, x.shape.suffix(2).map { $0 * factor })
        return Array(large.shape.suffix(2)) == size ? large : F.bilinear(large, size)
    }
}

func residualBlocks(_ inChannels: Int, _ outChannels: Int, count: Int, hasBottlenecks: Bool) -> [ResidualBlock] {
    var shape = ResNet.Configuration()
    shape.hasBottlenecks = hasBottlenecks
    return (0..<count).map { ResidualBlock($0 == 0 ? inChannels : outChannels, outChannels, shape, stride: 1, dilation: 1) }
}

/// A convolution, normalisation and, usually, ReLU. The classifier's convolutions have a bias.
func convNorm(
    _ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1, bias: Bool = false, hasReLU: Bool = true
) -> Sequential {
    let conv = Conv2d(inChannels, outChannels, kernel: kernel, stride: stride, padding: kernel / 2, bias: bias)
    let norm = BatchNorm2d(outChannels)
    return hasReLU ? Sequential(conv, norm, InPlaceReLU()) : Sequential(conv, norm)
}
