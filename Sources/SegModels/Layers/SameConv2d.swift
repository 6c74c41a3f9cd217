import Torch
import TorchNN

/// A convolution (no bias) with TensorFlow's SAME padding: the result is ⌈size / stride⌉, and an odd pixel of padding goes
/// to the right and below.
final class SameConv2d: Module, Layer {
    let weight: Tensor
    private let kernel: Int
    private let stride: Int
    private let groups: Int

    init(_ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1, groups: Int = 1) {
        weight = Tensor.empty([outChannels, inChannels / groups, kernel, kernel])
        self.kernel = kernel
        self.stride = stride
        self.groups = groups
        super.init()
        Initializer.kaimingNormal(weight, fan: .out)
        markTrainable()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (vertical, horizontal) = (padding(x.size(2)), padding(x.size(3)))
        let isEven = vertical % 2 == 0 && horizontal % 2 == 0
        let padded =
            isEven
            ? x : x.pad([horizontal / 2, horizontal - horizontal / 2, vertical / 2, vertical - vertical / 2])
        return F.conv2d(
            padded, weight, stride: [stride, stride], padding: isEven ? [vertical / 2, horizontal / 2] : [0, 0],
            groups: groups)
    }

    private func padding(_ size: Int) -> Int {
        let result = (size + stride - 1) / stride
        return max(0, (result - 1) * stride + kernel - size)
    }
}
