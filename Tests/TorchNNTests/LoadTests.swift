import Foundation
import Support
import Testing
import Torch
import TorchNN

@Suite struct LoadTests {
    let model = Sequential(named: [("body", Conv2d(2, 3, kernel: 1)), ("norm", BatchNorm2d(3)), ("head", Linear(3, 4))])

    /// What fits the model, every value 5.
    private var checkpoint: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: model.stateDict().map { ($0.0, $0.1.detach().fullLike(5)) })
    }

    private var values: [[Float]] { model.stateDict().map { $0.1.array(of: Float.self) } }

    @Test func everythingIsCopiedAndCounted() throws {
        let tensors = model.stateDict().map(\.1)
        let report = try model.load(checkpoint, from: "test")
        #expect(report.loaded == 9 && report.expected == 9 && report.initialized.isEmpty && report.ignored.isEmpty)
        #expect("\(report)" == "9 of 9 tensors loaded")
        #expect(values.allSatisfy { $0.allSatisfy { $0 == 5 } })
        #expect(zip(tensors, model.stateDict()).allSatisfy { $0 === $1.1 })
        #expect(model.parameters().allSatisfy { $0.requiresGrad })
    }

    @Test func whatDoesNotFitIsNamedAndNothingIsChanged() throws {
        var tensors = checkpoint
        tensors["body.weight"] = nil
        tensors["body.weigth"] = Tensor.ones([3, 2, 1, 1])
        tensors["head.weight"] = Tensor.ones([7, 3])
        let before = values
        let error = try #require(throws: LoadError.self) { try model.load(tensors, from: "x.pth") }
        #expect(error.missing == ["body.weight"])
        #expect(error.unexpected == ["body.weigth"])
        #expect(error.mismatched.map(\.name) == ["head.weight"])
        #expect(values == before)
        #expect(error.exitCode == .badInput)
        #expect(error.description.contains("x.pth does not fit the model"))
        #expect(error.description.contains("head.weight: expected [4, 3], found [7, 3]"))
    }

    @Test func whatIsNamedBeforehandMayDiffer() throws {
        var tensors = checkpoint
        tensors["head.weight"] = Tensor.ones([7, 3])
        tensors["head.bias"] = nil
        tensors["classifier.weight"] = Tensor.ones([1])
        let head = model.stateDict().first { $0.0 == "head.weight" }!.1.array(of: Float.self)
        let report = try model.load(tensors, from: "test", allowing: ["head.*", "classifier.*"])
        #expect(report.loaded == 7 && report.expected == 9)
        #expect(report.initialized == ["head.weight", "head.bias"] && report.ignored == ["classifier.weight"])
        #expect("\(report)" == "7 of 9 tensors loaded, 2 new (head.weight, head.bias), 1 of the file left out (classifier.weight)")
        #expect(model.stateDict().first { $0.0 == "head.weight" }!.1.array(of: Float.self) == head)
    }

    @Test func namesCanBeTranslated() throws {
        let renamed = Dictionary(uniqueKeysWithValues: checkpoint.map { ("module.\($0.key)", $0.value) })
        #expect(throws: LoadError.self) { try model.load(renamed, from: "test") }
        try model.load(renamed, from: "test", renaming: { String($0.dropFirst("module.".count)) })
        #expect(values[0].allSatisfy { $0 == 5 })
        #expect(throws: UserError.self, "two names that become one") {
            try model.load(renamed, from: "test", renaming: { _ in "head.bias" })
        }
    }

    @Test func countersMayBeMissing() throws {
        var tensors = checkpoint
        tensors["norm.num_batches_tracked"] = nil
        #expect(try model.load(tensors, from: "test").loaded == 8)
    }

    @Test func otherTypesAreConverted() throws {
        try model.load(checkpoint.mapValues { $0.to(.float64) }, from: "test")
        #expect(model.stateDict()[0].1.dtype == .float32 && values[0][0] == 5)
    }

    @Test func aSavedModelLoads() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try Tensor.save(model.stateDict(), to: url)
        let other = Sequential(named: [("body", Conv2d(2, 3, kernel: 1)), ("norm", BatchNorm2d(3)), ("head", Linear(3, 4))])
        #expect(try other.load(url).loaded == 9)
        #expect(zip(other.stateDict(), model.stateDict()).allSatisfy { $0.1.equals($1.1) })
    }

    @Test(arguments: [
        ("head.*", "head.weight", true), ("head.*", "head", false), ("*", "anything", true), ("head", "head", true),
        ("*.bias", "a.b.bias", true), ("a*b*c", "a-b-b-c", true), ("a*b*c", "acb", false), ("ab*ba", "aba", false),
        ("layer?.x", "layer1.x", false), ("a.*.weight", "a.0.conv.weight", true),
    ])
    func patterns(_ pattern: String, _ name: String, _ fits: Bool) {
        #expect(matches(name, pattern) == fits)
    }

    /// Adopting takes the very memory and type of what is loaded; copying leaves the module's own.
    @Test func adopting() throws {
        func address(_ tensor: Tensor) -> UnsafeRawPointer? { tensor.withUnsafeBytes { $0.baseAddress } }
        let half = Tensor.ones([2, 3], dtype: .float16)
        let bias = Tensor.ones([2])
        let layer = withoutInitialization { Linear(3, 2) }
        let weight = layer.weight
        try layer.load(["weight": half, "bias": bias], from: "memory", adopting: true)
        #expect(layer.weight === weight)
        #expect(layer.weight.dtype == .float16)
        #expect(address(layer.weight) == address(half))
        #expect(layer.weight.requiresGrad)
        let copied = Linear(3, 2)
        try copied.load(["weight": half, "bias": bias], from: "memory")
        #expect(copied.weight.dtype == .float32)
        #expect(address(copied.bias!) != address(bias))
    }

    /// Building a network that will be loaded draws no random numbers.
    @Test func withoutInitializationDrawsNothing() {
        TorchRandom.seed(5)
        let before = TorchRandom.state().array(of: UInt8.self)
        _ = withoutInitialization { Sequential(Conv2d(3, 8, kernel: 3), Linear(4, 4)) }
        #expect(TorchRandom.state().array(of: UInt8.self) == before)
        _ = Linear(3, 2)
        #expect(TorchRandom.state().array(of: UInt8.self) != before)
    }
}
