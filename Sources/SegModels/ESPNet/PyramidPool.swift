import Torch
import TorchNN

/// ESPNetv2's efficient pyramid pooling: depth-wise convolutions of the map at five scales, merged group by group.
final class PyramidPool: Module {
    static let scales = [2.0, 1.5, 1.0, 0.5, 0.1]

    let projection: Sequential
    let stages: [Conv2d]
    let normAfterCat: Sequential
    let merge: Sequential
    let expansion: Conv2d
    let norm: Sequential?

    override class var keys: [String: String] {
        [
            "projection": "projection_layer", "normAfterCat": "merge_layer.0", "merge": "merge_layer.2",
            "expansion": "merge_layer.3", "norm": "br",
        ]
    }

    /// - Parameter isLast: the result are scores: with bias, without normalisation.
    init(_ inChannels: Int, width: Int, _ outChannels: Int, isLast: Bool = false) {
        let count = Self.scales.count
        projection = numberedConvNormAct(inChannels, width)
        stages = Self.scales.map { _ in Conv2d(width, width, kernel: 3, padding: 1, groups: width, bias: false) }
        normAfterCat = numberedNormAct(width * count)
        merge = numberedConvNormAct(width * count, width, kernel: 3, groups: width)
        expansion = Conv2d(width, outChannels, kernel: 1, bias: isLast)
        norm = isLast ? nil : numberedNormAct(outChannels)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let expanded = expansion(features(x))
        return norm.map { $0(expanded) } ?? expanded
    }

    /// What the last convolution sees.
    func features(_ x: Tensor) -> Tensor {
        let reduced = projection(x)
        let size = Array(reduced.shape.suffix(2))
        let pyramid = zip(Self.scales, stages).map { scale, stage -> Tensor in
            // No scaled map is smaller than 5×5.
            let scaled = size.map { max(5, Int((Double($0) * scale).rounded(.up))) }
            if scale < 1 { return F.bilinear(stage(F.adaptiveAvgPool2d(reduced, scaled)), size, alignCorners: true) }
            if scale > 1 { return F.adaptiveAvgPool2d(stage(F.bilinear(reduced, scaled, alignCorners: true)), size) }
            return stage(reduced)
        }
        return merge(shuffled(normAfterCat(.concatenate(pyramid, 1)), groups: Self.scales.count))
    }
}

/// Channels (groups × width) to (width × groups), in the layout that `x` has.
private func shuffled(_ x: Tensor, groups: Int) -> Tensor {
    let (batch, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
    if x.isContiguous(.channelsLast) {
        let pixels = x.permute(0, 2, 3, 1).view(batch, height, width, groups, channels / groups)
        return pixels.transpose(3, 4).reshape(batch, height, width, channels).permute(0, 3, 1, 2)
    }
    return x.reshape(batch, groups, channels / groups, height, width).transpose(1, 2).reshape(batch, channels, height, width)
}
