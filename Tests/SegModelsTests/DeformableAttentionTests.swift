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

    @Test("without a gradient the queries are taken in parts")
    func parts() throws {
        try withTorchErrors {
            let maps = [[16, 20], [32, 40]]
            let inputs = inputs([4, 8, 2], maps: maps, spread: 3)
            let grid = SamplingGrid(maps, device: .cpu)
            let inParts = withoutGradients { sample(inputs, grid) }
            for input in inputs { input.requiresGrad = true }
            try assertClose(inParts, sample(inputs, grid), relative: 1e-6)
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
