import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct LayerTests {
    /// However it is computed, it is the dilated convolution, and so is its gradient.
    @Test(arguments: [1, 2, 3, 4], [1, 2])
    func depthwiseConvolution(dilation: Int, stride: Int) throws {
        try withTorchErrors {
            for (height, width, kernel) in [(24, 36, 3), (13, 22, 3), (5, 7, 3), (13, 22, 5)] {
                let conv = DepthwiseConv(8, kernel: kernel, stride: stride, dilation: dilation)
                let padding = kernel / 2 * dilation
                let x = formula("x", [2, 8, height, width]).contiguous(.channelsLast)
                let reference = x.detach().clone()
                for input in [x, reference] { input.requiresGrad = true }
                let y = conv(x)
                let expected = F.conv2d(
                    reference, conv.weight, stride: [stride, stride], padding: [padding, padding],
                    dilation: [dilation, dilation], groups: 8)
                try assertClose(y, expected, relative: 1e-6)
                #expect(y.isContiguous(.channelsLast))
                let ours = gradients(of: [y], with: [cotangent(like: y)], for: [x, conv.weight])
                let theirs = gradients(of: [expected], with: [cotangent(like: y)], for: [reference, conv.weight])
                for (a, b) in zip(ours, theirs) { try assertClose(a, b, relative: 1e-5) }
                try assertClose(withoutGradients { conv(x) }, expected, relative: 1e-6)
            }
        }
    }

    /// The channels-last way through PReLU, where LibTorch's own is slow.
    @Test(arguments: [1, 6]) func prelu(slopes: Int) throws {
        try withTorchErrors {
            let layer = PReLU(slopes)
            withoutGradients { _ = layer.weight.copy_(formula("slopes", [slopes])) }
            let x = formula("x", [2, 6, 5, 7])
            withoutGradients { _ = x[0, 0, 0, 0].fill_(0) }
            for dtype in [DType.float32, .bfloat16] {
                let (a, b) = (x.to(dtype).contiguous(.channelsLast).clone(), x.to(dtype).clone())
                for input in [a, b] { input.requiresGrad = true }
                let (y, expected) = (layer(a), F.prelu(b, layer.weight.to(dtype)))
                try assertClose(y.float, expected.float, relative: 0)
                #expect(y.isContiguous(.channelsLast))
                try assertClose(withoutGradients { layer(a).float }, expected.float, relative: 0)
                let ours = gradients(of: [y], with: [cotangent(like: y)], for: [a, layer.weight])
                let theirs = gradients(of: [expected], with: [cotangent(like: y)], for: [b, layer.weight])
                let precision = dtype == .float32 ? 1e-6 : 1e-2  // bfloat16 keeps eight bits of each term
                for (a, b) in zip(ours, theirs) { try assertClose(a.float, b.float, relative: precision) }
            }
        }
    }
}
