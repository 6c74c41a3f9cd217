import Distill
import Foundation
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// A case of `scripts/reference/losses_sskd.py`: `loss.…` on embeddings, `method.…` on the encoder's maps.
private struct ContrastCase {
    let name: String
    let recipe: MethodRecipe
    let inputs: [String: Tensor]
    let expected: [String: Tensor]

    static let losses = ["default", "others", "same", "alone", "uniform", "mask", "class", "code", "warm", "resized", "twice"]
        .map { "loss.\($0)" }
    static let methods = ["default", "annealed", "labels", "pooled", "semantic"].map { "method.\($0)" }

    init(_ name: String) throws {
        let fixture = try Fixture("losses_sskd", in: .module)
        self.name = name
        recipe = try .parse(InstanceContrast.schema, settings: fixture.settings("cases", as: [String: [String]].self)[name] ?? [])
        let all = fixture.tensors(under: name + ".")
        func isResult(_ key: String) -> Bool { ["loss", "weights"].contains(key) || key.hasPrefix("grad.") }
        (inputs, expected) = (all.filter { !isResult($0.key) }, all.filter { isResult($0.key) })
    }

    private var maps: [String: Tensor] {
        inputs.filter { ["features", "strongFeatures", "masks", "classes", "scores"].contains($0.key) }
    }

    func method(_ changes: [String: SettingValue] = [:], dtype: DType = .float32) throws -> InstanceContrast {
        let method = try InstanceContrast(
            MethodSetup(
                settings: recipe.settings.merging(changes) { $1 }, teacherChannels: [:], studentChannels: maps.mapValues { $0.size(1) },
                classes: 0))
        let own = Set(method.stateDict().map(\.0))
        try method.load(inputs.filter { own.contains($0.key) }, from: name)
        return method.to(dtype: dtype)
    }

    /// The student's maps as leaves, with the fixture's negatives.
    func methodInputs(
        labels: Tensor? = nil, drawing: Bool = false, autocast: DType? = nil, _ change: (Tensor) -> Tensor = { $0 }
    ) -> (inputs: MethodInputs, leaves: [String: Tensor]) {
        let leaves = maps.mapValues { change($0).clone() }
        for leaf in leaves.values { leaf.requiresGrad = true }
        let given = MethodInputs(
            teacher: [:], student: leaves, labels: labels ?? inputs["labels"], draws: drawing ? [:] : ["negatives": inputs["negatives"]!],
            progress: inputs["progress"]!.item(), autocast: autocast)
        return (given, leaves)
    }
}

/// Values and gradients.
@Suite struct InstanceContrastTests {
    @Test func theFixtureHoldsNoOtherCase() throws {
        let names = try Fixture("losses_sskd", in: .module).settings("cases", as: [String: [String]].self).keys
        #expect(Set(names) == Set(ContrastCase.losses + ContrastCase.methods))
    }

    @Test(arguments: ContrastCase.losses) fileprivate func parityComesOutAsInPyTorch(_ name: String) throws {
        let test = try ContrastCase(name)
        let outputs = Dictionary(uniqueKeysWithValues: try ContrastLossParity.run(test.recipe, inputs: test.inputs))
        for (key, tensor) in test.expected { try assertClose(#require(outputs[key]), tensor, "\(name) \(key)") }
        // The sampler has no gradient.
        for key in ["grad.mask.logits", "grad.class.logits"] { #expect(outputs[key]?.any().item() == 0, "\(name) \(key)") }
        #expect(outputs.count == test.expected.count + 2)
    }

    @Test(arguments: ContrastCase.methods) fileprivate func agreesWithPyTorch(_ name: String) throws {
        let test = try ContrastCase(name)
        let method = try test.method()
        let (inputs, leaves) = test.methodInputs()
        let loss = method.loss(inputs).total
        try assertClose(loss, #require(test.expected["loss"]), name)
        loss.backward()
        let parameters = Dictionary(uniqueKeysWithValues: method.namedParameters())
        #expect(test.expected.count == 1 + 1 + parameters.count)
        for (key, gradient) in test.expected where key.hasPrefix("grad.") {
            let path = String(key.dropFirst(5))
            try assertClose(#require((leaves[path] ?? parameters[path])?.grad, "\(name) \(key)"), gradient, "\(name) \(key)")
        }
    }

    @Test(arguments: ["method.default", "method.labels", "method.pooled"])
    fileprivate func gradientsAreThoseOfFiniteDifferences(_ name: String) throws {
        let test = try ContrastCase(name)
        let method = try test.method(dtype: .float64)
        let given = test.methodInputs { $0.to(.float64) }.inputs
        try checkGradients(at: [given.student["features"]!.detach()], relative: 1e-6) { maps in
            let student = given.student.merging(["features": maps[0]]) { $1 }
            return method.loss(MethodInputs(teacher: [:], student: student, labels: given.labels, draws: given.draws)).total
        }
    }

    /// bfloat16 keeps 8 bits: each entry is off by at most 2⁻⁹ of itself.
    @Test func mapsInBF16GiveTheLossOfTheRoundedMaps() throws {
        let test = try ContrastCase("method.default")
        let loss = try test.method().loss(test.methodInputs { $0.to(.bfloat16) }.inputs).total
        #expect(loss.dtype == .float32)
        try assertClose(loss, test.method().loss(test.methodInputs { $0.to(.bfloat16).float }.inputs).total)
    }

    /// Three layers round inputs, weights and results by at most 2⁻⁹ each; cosines are taken in float32 and divided by a temperature of 0.24,
    /// and the loss changes by at most twice what a score does.
    @Test func headsComputeInTheStudentsType() throws {
        let test = try ContrastCase("method.annealed")
        let method = try test.method()
        let loss = method.loss(test.methodInputs(autocast: .bfloat16).inputs).total
        loss.backward()
        let exact = try #require(test.expected["loss"]).item()
        #expect(loss.dtype == .float32 && loss.item() != exact && abs(loss.item() - exact) < 2 * 9 * 0x1p-9 / 0.24)
        for (path, parameter) in method.namedParameters() { #expect(parameter.grad?.dtype == .float32, "\(path)") }
    }

    @Test func channelsLastChangesNothing() throws {
        let test = try ContrastCase("method.labels")
        let loss = try test.method().loss(test.methodInputs { $0.dimensions == 4 ? $0.contiguous(.channelsLast) : $0 }.inputs).total
        try assertClose(loss, #require(test.expected["loss"]))
    }

    /// What stands in the ignored places changes neither value nor gradient.
    @Test(arguments: ["method.labels", "method.pooled"]) fileprivate func whatIsIgnoredChangesNothing(_ name: String) throws {
        let test = try ContrastCase(name)
        let labels = try #require(test.inputs["labels"])
        let size = Array(test.inputs["features"]!.shape.suffix(2))
        let (inputs, leaves) = test.methodInputs { map in
            guard map.dimensions == 4, Array(map.shape.suffix(2)) == size else { return map }
            return map.maskedFill(F.nearest(labels.unsqueeze(1).float, size) .== 255, 30)
        }
        let loss = try test.method().loss(inputs).total
        try assertClose(loss, #require(test.expected["loss"]), name)
        loss.backward()
        try assertClose(#require(leaves["features"]?.grad), #require(test.expected["grad.features"]), name)
    }

    @Test(arguments: [true, false]) func withoutAnyLabelNothingIsLearned(_ drawing: Bool) throws {
        let test = try ContrastCase("method.labels")
        let (inputs, leaves) = test.methodInputs(labels: test.inputs["labels"]!.fullLike(255), drawing: drawing)
        let loss = try test.method().loss(inputs).total
        loss.backward()
        #expect(loss.item() == 0 && leaves["features"]!.grad!.abs().amax().item() == 0)
    }
}

/// Which branches learn, what the seed says, and what is refused.
@Suite struct InstanceContrastLawTests {
    @Test func onlyTheWeakViewAndBothHeadsLearn() throws {
        let test = try ContrastCase("method.default")
        let method = try test.method()
        let (inputs, leaves) = test.methodInputs(drawing: true)
        method.loss(inputs).total.backward()
        #expect(leaves["features"]?.grad?.any().item() == 1)
        for role in ["strongFeatures", "masks", "classes"] { #expect(leaves[role]!.grad == nil, "\(role)") }
        for (path, parameter) in method.namedParameters() { #expect(parameter.grad?.any().item() == 1, "\(path)") }
    }

    @Test func aFixedStrongHeadDoesNotLearn() throws {
        let test = try ContrastCase("method.default")
        let method = try test.method(["strongHead": "fixed"])
        let loss = method.loss(test.methodInputs().inputs).total
        loss.backward()
        try assertClose(loss, #require(test.expected["loss"]))
        for (path, parameter) in method.namedParameters() {
            #expect(
                parameter.requiresGrad == path.hasPrefix("projector.weak.") && (parameter.grad != nil) == parameter.requiresGrad, "\(path)")
        }
    }

    /// Embeddings that are all alike leave log(1 + R), and the heads begin alike.
    @Test func placesThatAreAllAlikeCostTheLogarithmOfTheirNumber() throws {
        let method = try InstanceContrast(
            MethodSetup(
                settings: MethodRecipe(InstanceContrast.schema).settings.merging(["sampler": "uniform", "negatives": 5]) { $1 },
                teacherChannels: [:], studentChannels: ["features": 6], classes: 0))
        let map = Tensor.ones([2, 6, 4, 5])
        let loss = method.loss(MethodInputs(teacher: [:], student: ["features": map, "strongFeatures": map])).total
        try assertClose(loss.item(), log(6))
        let parameters = Dictionary(uniqueKeysWithValues: method.namedParameters())
        #expect(parameters.count == 6 && parameters["projector.weak.0.weight"]?.shape == [128, 6])
        for layer in 0..<3 {
            #expect(parameters["projector.weak.\(layer).weight"]!.equals(parameters["projector.strong.\(layer).weight"]!))
        }
    }

    @Test func theSeedSaysWhichNegatives() throws {
        let test = try ContrastCase("method.default")
        let method = try test.method()
        func loss(_ seed: Int) -> Double {
            TorchRandom.isolated(seed: seed) { method.loss(test.methodInputs(drawing: true).inputs).total.item() }
        }
        #expect(loss(1) == loss(1) && loss(1) != loss(2))
    }

    @Test func theTemperatureFallsInAStraightLine() throws {
        let test = try ContrastCase("method.annealed")
        // At a quarter of the way from 0.3 to 0.07.
        let fixed = try test.method(["temperature": 0.2425, "startTemperature": 0.2425])
        try assertClose(fixed.loss(test.methodInputs().inputs).total, #require(test.expected["loss"]))
    }

    @Test func aStudentWithoutMasksIsRefused() throws {
        func make(_ sampler: SettingValue, _ channels: [String: Int]) throws {
            let settings = MethodRecipe(InstanceContrast.schema).settings.merging(["sampler": sampler]) { $1 }
            _ = try InstanceContrast(MethodSetup(settings: settings, teacherChannels: [:], studentChannels: channels, classes: 0))
        }
        let fusion = #expect(throws: UserError.self) { try make("fusion", ["features": 6, "scores": 3]) }
        #expect(
            fusion?.message == "sskd-contrast: 'sampler: fusion' goes by masks and classes, which the student does not give")
        let classes = #expect(throws: UserError.self) { try make("class", ["features": 6, "masks": 4]) }
        #expect(classes?.message.contains("goes by classes,") == true)
        try make("class", ["features": 6, "scores": 3])
        try make("uniform", ["features": 6])
    }

    @Test func aBatchOfOneHasNoOtherImages() throws {
        let test = try ContrastCase("method.default")
        try test.method().check(batch: 1)
        try test.method(["candidates": "others"]).check(batch: 2)
        let error = #expect(throws: UserError.self) { try test.method(["candidates": "others"]).check(batch: 1) }
        #expect(error?.message.contains("but a batch has 1 image") == true && error?.hint?.contains("data.loader.batchSize") == true)
        let alone = try ContrastCase("loss.alone")
        let recipe = try MethodRecipe.parse(InstanceContrast.schema, settings: ["candidates=others"])
        #expect(throws: UserError.self) {
            try ContrastLossParity.run(recipe, inputs: alone.inputs.filter { $0.key != "negatives" })
        }
    }

    @Test func parityDrawsNegativesAndNamesWhatIsWrong() throws {
        let test = try ContrastCase("loss.default")
        func run(_ changes: [String: Tensor?]) throws -> [String: Tensor] {
            var inputs = test.inputs
            for (key, tensor) in changes { inputs[key] = tensor }
            return Dictionary(uniqueKeysWithValues: try ContrastLossParity.run(test.recipe, inputs: inputs))
        }
        try assertClose(#require(run(["negatives": nil])["weights"]), #require(test.expected["weights"]))
        for (changes, words) in [
            (["mask.logits": nil], "expected the tensor 'mask.logits'"),
            (["class.logits": Tensor.ones([2, 5, 4])], "expected 'class.logits' of the shape 2×4×·, found [2, 5, 4]"),
            (["negatives": Tensor.full([24, 3], 24, dtype: .int64)], "names position 24, but there are 24"),
            (["negatives": Tensor.zeros([24, 0], dtype: .int64)], "'negatives' names none"),
            (["weak.embeddings": Tensor.zeros([0, 5, 3, 4])], "'weak.embeddings' of the shape [0, 5, 3, 4]"),
            (["negative": Tensor.ones([1])], "takes no tensor 'negative'"),
        ] as [([String: Tensor?], String)] {
            let error = #expect(throws: UserError.self) { try run(changes) }
            #expect(error?.message.contains(words) == true, "\(words)")
        }
    }
}
