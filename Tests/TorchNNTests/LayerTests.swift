import SegTesting
import Testing
import Torch
import TorchNN

/// Layers equal PyTorch's, in output, gradients and statistics, to a relative error of 1e-5 in float32.
@Suite struct LayerTests {
    static let fixture = try! Fixture("layers", in: .module)

    @Test("like torch.nn", arguments: Layers.all.keys.sorted())
    func layer(_ name: String) throws {
        let fixture = Self.fixture
        let layer = Layers.all[name]!()
        let input = try fixture["\(name).in.0"].clone()
        input.requiresGrad = true
        try withTorchErrors {
            try layer.load(fixture.tensors(under: "\(name).state."), from: name)
            layer.train(!name.hasSuffix(".eval"))
            let output = layer(input)
            try assertClose(output, fixture["\(name).out"], "\(name), output")
            backwardAgainstCotangent([output])
            try assertClose(input.grad!, fixture["\(name).grad.in.0"], "\(name), gradient of the input")
            for (key, parameter) in layer.namedParameters() {
                try assertClose(parameter.grad!, fixture["\(name).grad.\(key)"], "\(name), gradient of \(key)")
            }
            for (key, buffer) in layer.namedBuffers() {
                try assertClose(buffer, fixture["\(name).after.\(key)"], "\(name), \(key) afterwards")
            }
        }
    }

    @Test func everyCaseOfTheFixtureIsTested() throws {
        struct Case: Decodable {}
        let cases = try Self.fixture.settings("cases", as: [String: Case].self).keys
        #expect(Set(cases) == Set(Layers.all.keys).union(Initializers.all.keys.map { "init.\($0)" }))
    }

    @Test("like torch.nn.init", arguments: Initializers.all.keys.sorted())
    func initializer(_ name: String) throws {
        let made = TorchRandom.isolated(seed: 0) { Initializers.all[name]!() }
        for (key, tensor) in made {
            let expected = try Self.fixture["init.\(name)\(key.isEmpty ? "" : ".")\(key)"]
            #expect(tensor.equals(expected), "\(name) \(key): \(compare(tensor, expected))")
        }
    }

    @Test func numbersByFormulaAreTheScripts() throws {
        #expect(try formula("check", [8], dtype: .float64).equals(Self.fixture["formula.check"]))
    }

    @Test func dropoutKeepsTheMean() {
        let x = Tensor.ones([40, 50, 4, 4])
        let values = TorchRandom.isolated(seed: 1) { Dropout(0.25)(x) }
        #expect(Set(values.array(of: Float.self)) == [0, 1 / 0.75])
        #expect(abs(values.mean().item() - 1) < 0.02)
        let channels = TorchRandom.isolated(seed: 1) { Dropout2d(0.25)(x) }
        #expect(channels.amax([2, 3]).equals(channels.amin([2, 3])), "a channel is dropped as a whole")
        #expect(Set(channels.array(of: Float.self)) == [0, 1 / 0.75])
        #expect(Dropout(0.25).eval()(x).equals(x))
    }
}
