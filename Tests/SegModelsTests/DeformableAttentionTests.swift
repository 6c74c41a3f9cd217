import SegModels
import SegTesting
import Support
import Testing
import Torch

@Suite struct DeformableAttentionTests {
    private struct Settings: Decodable {
        let shape: [Int]
        let maps: [[Int]]
        let spread: Double
    }

    /// value B×N×H×D, offsets B×N×H×L×P×2, weights B×N×H×L×P, by formula.
    private func inputs(_ shape: [Int], maps: [[Int]], spread: Double) -> [Tensor] {
        let (batch, heads, width) = (shape[0], shape[1], shape[2])
        let count = maps.map { $0[0] * $0[1] }.reduce(0, +)
        return [
            formula("value", [batch, count, heads, width]), formula("offsets", [batch, count, heads, maps.count, 4, 2], dtype: .float64),
            formula("weights", [batch, count, heads, maps.count, 4]),
        ].enumerated().map { ($0 == 1 ? $1 * spread : $1).to(.float32).detach() }
    }

    private func sample(_ inputs: [Tensor], _ grid: SamplingGrid) -> Tensor {
        DeformableAttention.sample(inputs[0], inputs[1], inputs[2], grid)
    }

    @Test("transformers' multi_scale_deformable_attention", arguments: ["near", "far"])
    func reference(name: String) throws {
        try withTorchErrors {
            let fixture = try FixtureCase(name, of: "deformable_attention")
            let settings = try fixture.settings(as: Settings.self)
            let inputs = inputs(settings.shape, maps: settings.maps, spread: settings.spread)
            for input in inputs { input.requiresGrad = true }
            let output = sample(inputs, SamplingGrid(settings.maps, device: .cpu))
            try fixture.check(output, "output")
            backwardAgainstCotangent([output])
            for (input, key) in zip(inputs, ["value", "offsets", "weights"]) {
                try fixture.check(try #require(input.grad), "grad.\(key)", relative: 2e-5)
            }
        }
    }

    /// What the parts' sizes don't change is what each head and each image gives alone.
    @Test("heads and queries are taken in parts", arguments: [[[2, 3], [4, 5]], [[40, 40], [80, 64]]])
    func parts(maps: [[Int]]) throws {
        try withTorchErrors {
            let inputs = inputs([2, 3, 4], maps: maps, spread: 3)
            let grid = SamplingGrid(maps, device: .cpu)
            func gradients(_ inputs: [Tensor]) -> (output: Tensor, ofInputs: [Tensor]) {
                let inputs = inputs.map { $0.detach() }
                for input in inputs { input.requiresGrad = true }
                let output = sample(inputs, grid)
                output.backward(output.detach())
                return (output.detach(), inputs.map { $0.grad! })
            }
            let whole = gradients(inputs)
            try assertClose(withoutGradients { sample(inputs, grid) }, whole.output, relative: 0)
            for image in 0..<2 {
                for head in 0..<3 {
                    let alone = gradients(inputs.map { $0[image..<image + 1, .all, head..<head + 1] })
                    try assertClose(alone.output[0], whole.output[image, .all, head * 4..<head * 4 + 4], relative: 1e-6)
                    for (part, all) in zip(alone.ofInputs, whole.ofInputs) {
                        try assertClose(part[0], all[image, .all, head..<head + 1], relative: 1e-6)
                    }
                }
            }
        }
    }

    @Test("finite differences")
    func differences() throws {
        try withTorchErrors {
            // Queries stand at multiples of ¼, so these offsets leave every sample between rows and columns, where all is smooth.
            let maps = [[2, 4], [1, 2]]
            var inputs = inputs([1, 2, 2], maps: maps, spread: 3)
            inputs[1] = inputs[1].floor() + 0.1
            let grid = SamplingGrid(maps, device: .cpu)
            try checkGradients(at: inputs, step: 0.02, relative: 2e-5) { self.sample($0, grid) }
        }
    }

    @Test("values and offsets in bfloat16: sums in float32, gradients in bfloat16")
    func types() throws {
        try withTorchErrors {
            let maps = [[4, 5], [8, 10]]
            let inputs = inputs([1, 2, 4], maps: maps, spread: 2).enumerated().map { $0 < 2 ? $1.to(.bfloat16) : $1 }
            let grid = SamplingGrid(maps, device: .cpu)
            for input in inputs { input.requiresGrad = true }
            let full = inputs.map { $0.detach().float }
            for input in full { input.requiresGrad = true }
            let (half, reference) = (sample(inputs, grid), sample(full, grid))
            try assertClose(half, reference, relative: 0)
            backwardAgainstCotangent([half])
            backwardAgainstCotangent([reference])
            for (input, full) in zip(inputs, full) {
                #expect(input.grad!.dtype == input.dtype)
                try assertClose(input.grad!.float, full.grad!, relative: 5e-3)
            }
        }
    }

    @Test("a sample far away, or nowhere, reads no memory that is not there")
    func nowhere() throws {
        try withTorchErrors {
            let maps = [[2, 3]]
            let inputs = inputs([1, 1, 2], maps: maps, spread: 1)
            inputs[1].fill_(1e20)
            let grid = SamplingGrid(maps, device: .cpu)
            #expect(withoutGradients { sample(inputs, grid) }.abs().amax().item() == 0)
            inputs[1].fill_(.nan)
            #expect(withoutGradients { sample(inputs, grid) }.isFinite().any().item() == 0)
        }
    }
}
