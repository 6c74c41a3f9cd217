import SegTesting
import Testing
import Torch

@Suite struct AutocastTests {
    let a = Tensor.ones([4, 4]), image = Tensor.ones([1, 2, 5, 5]), kernel = Tensor.ones([3, 2, 3, 3])

    /// PyTorch's lists for the CPU: these compute in the lower type …
    @Test func matricesAndConvolutionsComputeInBFloat16() {
        withAutocast(.bfloat16, on: .cpu) {
            #expect(a.matmul(a).dtype == .bfloat16)
            #expect(F.linear(a, a, bias: Tensor.ones([4])).dtype == .bfloat16)
            #expect(F.conv2d(image, kernel).dtype == .bfloat16)
            #expect(F.attention(image, image, image).dtype == .bfloat16)
        }
    }

    /// … these in float32, and all others in the type that they are given.
    @Test func theOthersStay() {
        withAutocast(.bfloat16, on: .cpu) {
            let half = a.matmul(a)
            #expect(F.mse(half, half).dtype == .float32)
            #expect(F.binaryCrossEntropy(logits: half, half).dtype == .float32)
            #expect(half.exp().dtype == .bfloat16 && a.exp().dtype == .float32)
            #expect((half + a).dtype == .float32)
            #expect(Tensor.concatenate([half, a]).dtype == .float32)
        }
    }

    @Test func scopesNestAndEnd() {
        struct Stop: Error {}
        withAutocast(.bfloat16, on: .cpu) {
            withAutocast(nil, on: .cpu) { #expect(a.matmul(a).dtype == .float32) }
            withAutocast(.float16, on: .cpu) { #expect(a.matmul(a).dtype == .float16) }
            #expect(a.matmul(a).dtype == .bfloat16)
        }
        #expect(throws: Stop.self) { try withAutocast(.bfloat16, on: .cpu) { throw Stop() } }
        #expect(throws: TorchError.self) {
            try withTorchErrors { withAutocast(.bfloat16, on: .cpu) { a.matmul(Tensor.ones([3, 3])) } }
        }
        #expect(a.matmul(a).dtype == .float32)
    }

    @Test func gradientsOfParametersStayInFloat32() throws {
        let weight = formula("weight", [4, 4])
        weight.requiresGrad = true
        let input = formula("input", [8, 4])
        let loss = withAutocast(.bfloat16, on: .cpu) { F.linear(input, weight).sum() }
        loss.float.backward()
        #expect(weight.grad!.dtype == .float32)
        // bfloat16 has 8 significant bits: 2⁻⁸ a rounding.
        try assertClose(weight.grad!, input.sum(0).expand([4, 4]), relative: 0.01)
    }

    /// The cached copy of a weight must not outlive the scope in which it was made.
    @Test func aChangedWeightIsConvertedAnew() {
        let weight = Tensor.ones([2, 2])
        weight.requiresGrad = true
        let x = Tensor.ones([1, 2])
        let before = withAutocast(.bfloat16, on: .cpu) { F.linear(x, weight).array(of: Float.self) }
        withoutGradients { _ = weight.fill_(3) }
        let after = withAutocast(.bfloat16, on: .cpu) { F.linear(x, weight).array(of: Float.self) }
        #expect(before == [2, 2] && after == [6, 6])
    }
}
