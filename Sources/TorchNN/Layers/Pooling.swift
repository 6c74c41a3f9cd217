import Torch

/// The largest value of each window: `torch.nn.MaxPool2d`.
public final class MaxPool2d: Module, Layer {
    public let kernel: Int
    public let stride: Int
    public let padding: Int
    public let ceilMode: Bool

    public init(kernel: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false) {
        self.kernel = kernel
        self.stride = stride ?? kernel
        self.padding = padding
        self.ceilMode = ceilMode
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.maxPool2d(x, kernel: [kernel, kernel], stride: [stride, stride], padding: [padding, padding], ceilMode: ceilMode)
    }
}

/// The mean of each window: `torch.nn.AvgPool2d`.
public final class AvgPool2d: Module, Layer {
    public let kernel: Int
    public let stride: Int
    public let padding: Int
    public let ceilMode: Bool
    public let countIncludePad: Bool

    public init(kernel: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true) {
        self.kernel = kernel
        self.stride = stride ?? kernel
        self.padding = padding
        self.ceilMode = ceilMode
        self.countIncludePad = countIncludePad
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.avgPool2d(
            x, kernel: [kernel, kernel], stride: [stride, stride], padding: [padding, padding], ceilMode: ceilMode,
            countIncludePad: countIncludePad)
    }
}

/// The means of equal parts: `torch.nn.AdaptiveAvgPool2d`.
public final class AdaptiveAvgPool2d: Module, Layer {
    /// Parts as [vertical, horizontal].
    public let size: [Int]

    public init(_ size: [Int]) { self.size = size }

    public convenience init(_ size: Int) { self.init([size, size]) }

    public func callAsFunction(_ x: Tensor) -> Tensor { F.adaptiveAvgPool2d(x, size) }
}
