import Torch

/// A two-dimensional convolution, `torch.nn.Conv2d`: B×in×H×W to B×out×h×w.
public final class Conv2d: Module, Layer {
    public let weight: Tensor
    public let bias: Tensor?
    public let stride: [Int]
    public let padding: [Int]
    public let dilation: [Int]
    public let groups: Int

    /// - Parameters:
    ///   - kernel: side of the square kernel.
    ///   - padding: zeros on every side.
    public convenience init(
        _ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1, bias: Bool = true
    ) {
        self.init(
            inChannels, outChannels, kernelSize: [kernel, kernel], stride: [stride, stride], padding: [padding, padding],
            dilation: [dilation, dilation], groups: groups, bias: bias)
    }

    /// Kernel, stride, padding and dilation as [vertical, horizontal].
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: [Int], stride: [Int] = [1, 1], padding: [Int] = [0, 0],
        dilation: [Int] = [1, 1], groups: Int = 1, bias: Bool = true
    ) {
        weight = Tensor.empty([outChannels, inChannels / groups] + kernelSize)
        self.bias = bias ? Tensor.empty([outChannels]) : nil
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        super.init()
        Initializer.linearDefault(weight: weight, bias: self.bias)
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.conv2d(x, weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
}
