import Torch
import TorchNN

/// SAGAN's discriminator on class scores (Zhang et al. 2019), as the distillation papers use it: batch normalisation, four convolutions of stride 2
/// under spectral normalisation, self-attention after the third and the fourth, one more convolution.
final class Discriminator: Module {
    let norm: BatchNorm2d
    let layers: [SpectralConv2d]
    let attention: [SelfAttention]
    let last: Conv2d
    private static let width = 64
    private static let kernel = 4
    /// The least height and width that it looks at.
    private static let side = 64

    init(classes: Int) {
        norm = BatchNorm2d(classes)
        let widths = [classes] + (0..<4).map { Self.width << $0 }
        layers = zip(widths, widths.dropFirst()).map { SpectralConv2d($0, $1, kernel: Self.kernel, stride: 2, padding: 1) }
        attention = widths.suffix(2).map { SelfAttention($0) }
        last = Conv2d(widths.last!, 1, kernel: Self.kernel)
    }

    /// B×K×h×w to B×1×h′×w′: large where the scores look like a teacher's.
    func callAsFunction(_ scores: Tensor) -> Tensor {
        // Four halvings and the last kernel need 64; what is missing is like ignored pixels.
        let missing = [scores.size(2), scores.size(3)].map { max(0, Self.side - $0) }
        var x = norm(missing == [0, 0] ? scores : scores.pad([0, missing[1], 0, missing[0]]))
        for (index, layer) in layers.enumerated() {
            x = F.leakyRelu(layer(x), slope: 0.1)
            if index >= 2 { x = attention[index - 2](x) }
        }
        return last(x)
    }

    /// The output without a gradient for this network's parameters.
    func judging(_ scores: Tensor) -> Tensor {
        for parameter in parameters() { parameter.requiresGrad = false }
        defer { for parameter in parameters() { parameter.requiresGrad = true } }
        return self(scores)
    }
}

/// A convolution whose weight is divided by its largest singular value, estimated by one step of power iteration a pass (Miyato et al. 2018).
final class SpectralConv2d: Module {
    let weight: Tensor
    let bias: Tensor
    @Buffer var u: Tensor
    private let stride: Int
    private let padding: Int

    init(_ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int, padding: Int) {
        let plain = Conv2d(inChannels, outChannels, kernel: kernel)
        weight = plain.weight
        bias = plain.bias!
        _u = Buffer(wrappedValue: .randn([outChannels]).normalized(0))
        (self.stride, self.padding) = (stride, padding)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let matrix = weight.flatten(1)
        let v = withoutGradients {
            let v = matrix.transpose(0, 1).matmul(u).normalized(0)
            // Another tensor: the graphs of earlier passes still need the old one.
            u = matrix.matmul(v).normalized(0)
            return v
        }
        let largest = (u * matrix.matmul(v)).sum()
        return F.conv2d(x, weight / largest, bias: bias, stride: [stride, stride], padding: [padding, padding])
    }
}

/// x + γ · attention among all positions, queries and keys of an eighth of the width.
final class SelfAttention: Module {
    let query: Conv2d
    let key: Conv2d
    let value: Conv2d
    let gamma: Tensor

    init(_ channels: Int) {
        query = Conv2d(channels, channels / 8, kernel: 1)
        key = Conv2d(channels, channels / 8, kernel: 1)
        value = Conv2d(channels, channels, kernel: 1)
        gamma = .zeros([1])
        gamma.requiresGrad = true
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        func tokens(_ conv: Conv2d) -> Tensor { conv(x).flatten(2).transpose(1, 2).unsqueeze(1) }
        let seen = F.attention(tokens(query), tokens(key), tokens(value), scale: 1)
        return x + gamma * seen.squeeze(1).transpose(1, 2).reshape(x.shape)
    }
}
