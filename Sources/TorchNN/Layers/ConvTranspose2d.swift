import Torch

/// A transposed two-dimensional convolution, `torch.nn.ConvTranspose2d`: B×in×h×w to B×out×H×W.
public final class ConvTranspose2d: Module, Layer {
    public let weight: Tensor
    public let bias: Tensor?
    public let stride: Int
    public let padding: Int
    public let outputPadding: Int
    public let dilation: Int
    public let groups: Int

    /// - Parameter kernel: side of the square kernel.
    public init(
        _ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        dilation: Int = 1, groups: Int = 1, bias: Bool = true
    ) {
        weight = Tensor.empty([inChannels, outChannels / groups, kernel, kernel])
        self.bias = bias ? Tensor.empty([outChannels]) : nil
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        self.dilation = dilation
        self.groups = groups
        super.init()
        Initializer.linearDefault(weight: weight, bias: self.bias)
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.convTranspose2d(
            x, weight, bias: bias, stride: [stride, stride], padding: [padding, padding],
            outputPadding: [outputPadding, outputPadding], groups: groups, dilation: [dilation, dilation])
    }
}
