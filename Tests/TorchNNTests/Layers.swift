import Torch
import TorchNN

/// The layers of `Fixtures/layers.safetensors`, each as `scripts/reference/layers.py` makes it.
enum Layers {
    typealias Make = @Sendable () -> any Layer

    static let all: [String: Make] = convolutions.merging(others) { _, _ in fatalError("a case is there twice") }

    private static let convolutions: [String: Make] = [
        "conv": { Conv2d(4, 6, kernel: 3) },
        "conv.stride": { Conv2d(4, 6, kernel: 3, stride: 2, padding: 1, bias: false) },
        "conv.dilation": { Conv2d(4, 6, kernel: 3, padding: 2, dilation: 2) },
        "conv.groups": { Conv2d(4, 6, kernel: 3, padding: 1, groups: 2) },
        "conv.depthwise": { Conv2d(4, 4, kernel: 5, stride: 2, padding: 2, groups: 4, bias: false) },
        "conv.pointwise": { Conv2d(4, 3, kernel: 1) },
        "conv.uneven": { Conv2d(4, 3, kernelSize: [3, 1], stride: [1, 2], padding: [1, 0]) },
        "conv_transpose": { ConvTranspose2d(4, 3, kernel: 3, stride: 2, padding: 1, outputPadding: 1) },
        "conv_transpose.2x2": { ConvTranspose2d(4, 3, kernel: 2, stride: 2, bias: false) },
        "relu6": { Sequential(Conv2d(4, 4, kernel: 3), Activation(.relu6)) },
        "sequence": {
            Sequential(Conv2d(4, 6, kernel: 3, bias: false), BatchNorm2d(6), Activation(.relu), Conv2d(6, 2, kernel: 1))
        },
    ]

    private static let others: [String: Make] = [
        "batch_norm.train": { BatchNorm2d(4) },
        "batch_norm.eval": { BatchNorm2d(4) },
        "batch_norm.momentum": { BatchNorm2d(4, eps: 1e-3, momentum: 0.01) },
        "layer_norm": { LayerNorm(6, eps: 1e-6) },
        "group_norm": { GroupNorm(2, 4) },
        "linear": { Linear(5, 3) },
        "linear.plain": { Linear(5, 3, bias: false) },
        "prelu": { PReLU(4) },
        "prelu.shared": { PReLU() },
        "relu": { Activation(.relu) },
        "gelu": { Activation(.gelu) },
        "silu": { Activation(.silu) },
        "hardswish": { Activation(.hardswish) },
        "sigmoid": { Activation(.sigmoid) },
        "dropout.eval": { Dropout(0.5) },
        "dropout2d.eval": { Dropout2d(0.5) },
        "max_pool": { MaxPool2d(kernel: 3, stride: 2, padding: 1) },
        "max_pool.ceil": { MaxPool2d(kernel: 2, ceilMode: true) },
        "avg_pool": { AvgPool2d(kernel: 3, stride: 2, padding: 1) },
        "avg_pool.exclude_pad": { AvgPool2d(kernel: 3, stride: 2, padding: 1, countIncludePad: false) },
        "adaptive_avg_pool": { AdaptiveAvgPool2d([3, 2]) },
        "adaptive_avg_pool.one": { AdaptiveAvgPool2d(1) },
        "upsample.bilinear": { Upsample(2, mode: .bilinear(alignCorners: false)) },
        "upsample.corners": { Upsample(2, mode: .bilinear(alignCorners: true)) },
        "upsample.nearest": { Upsample(2) },
    ]
}

/// The initialisers of the fixture: tensors by the keys that PyTorch gives them.
enum Initializers {
    typealias Make = @Sendable () -> [(String, Tensor)]

    static let all: [String: Make] = [
        "conv": { Conv2d(3, 8, kernel: 3).stateDict() },
        "conv.groups": { Conv2d(8, 8, kernel: 3, groups: 4).stateDict() },
        "conv_transpose": { ConvTranspose2d(3, 4, kernel: 2).stateDict() },
        "linear": { Linear(20, 9).stateDict() },
        "prelu": { PReLU(3).stateDict() },
        "batch_norm": { BatchNorm2d(3).stateDict() },
        "sequence": { Sequential(Conv2d(3, 4, kernel: 3), Linear(5, 4)).stateDict() },
        "kaiming_normal.fan_out": { filled([8, 3, 3, 3]) { Initializer.kaimingNormal($0, fan: .out) } },
        "kaiming_normal.fan_in": { filled([8, 3, 3, 3]) { Initializer.kaimingNormal($0) } },
        "kaiming_uniform.sqrt5": { filled([8, 3, 3, 3]) { Initializer.kaimingUniform($0, a: 5.0.squareRoot()) } },
        "trunc_normal": { filled([12, 12]) { Initializer.truncatedNormal($0, std: 0.02) } },
        "trunc_normal.cut": { filled([12, 12]) { Initializer.truncatedNormal($0, mean: 0.5, std: 2, low: -1, high: 1.5) } },
        "xavier_uniform": { filled([9, 20]) { Initializer.xavierUniform($0) } },
        "xavier_normal": { filled([9, 20]) { Initializer.xavierNormal($0) } },
        "normal": { filled([5, 5]) { Initializer.normal($0, std: 0.01) } },
        "uniform": { filled([5, 5]) { Initializer.uniform($0, -0.2, 0.1) } },
    ]

    private static func filled(_ shape: [Int], _ fill: (Tensor) -> Void) -> [(String, Tensor)] {
        let tensor = Tensor.empty(shape)
        fill(tensor)
        return [("", tensor)]
    }
}
