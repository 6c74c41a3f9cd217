import Torch

/// A transposed two-dimensional convolution, `torch.nn.ConvTranspose2d`: B×in×H×W to B×out×h×w.
public final class ConvTranspose2d: Module, Layer {
    /// in × out/groups × kernel × kernel.
    public let weight: Tensor
    public let bias: Tensor?
    public let stride: Int
    public let padding: Int
    public let outputPadding: Int
    public let groups: Int

    /// - Parameters:
    ///   - kernel: side of the square kernel.
    ///   - padding: what is cut off on every side.
    ///   - outputPadding: what is added below and on the right.
    public init(
        _ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        groups: Int = 1, bias: Bool = true
    ) {
        weight = Tensor.empty([inChannels, outChannels / groups, kernel, kernel])
        self.bias = bias ? Tensor.empty([outChannels]) : nil
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        self.groups = groups
        super.init()
        Initializer.linearDefault(weight: weight, bias: self.bias)
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.convTranspose2d(
            x, weight, bias: bias, stride: [stride, stride], padding: [padding, padding],
            outputPadding: [outputPadding, outputPadding], groups: groups)
    }
}
