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
        let merging: [any Layer] = [ScaleMerge(scales: count, width: width), BatchNorm2d(width), PReLU(width)]
        merge = Sequential(named: [("cbr", Sequential(merging))])
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
        return merge(normAfterCat(.concatenate(pyramid, 1)))
    }
}

/// The channels of all scales shuffled together, then a 3×3 convolution of each channel's scales: as one dense convolution,
/// whose other weights are zero. Its gradient is fast, a grouped one's is not.
private final class ScaleMerge: Module, Layer {
    let weight: Tensor

    init(scales: Int, width: Int) {
        weight = Tensor.empty([width, scales, 3, 3])
        super.init()
        Initializer.kaimingNormal(weight, fan: .out)
        markTrainable()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let width = weight.size(0)
        let own = Tensor.eye(width, dtype: weight.dtype, device: weight.device).view(width, 1, width, 1, 1)
        let dense = (weight.unsqueeze(2) * own).reshape(width, -1, 3, 3)
        return F.conv2d(x, dense, padding: [1, 1])
    }
}
