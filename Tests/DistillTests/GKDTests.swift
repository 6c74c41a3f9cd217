import Distill
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// A case of `scripts/reference/losses_gkd.py`.
private struct GKDCase {
    let name: String
    let recipe: MethodRecipe
    let inputs: [String: Tensor]
    let expected: [String: Tensor]

    static let names = ["default", "equal", "one", "scaled", "weights", "linear", "grids", "labels", "classless", "pooled"]

    init(_ name: String) throws {
        let fixture = try Fixture("losses_gkd", in: .module)
        self.name = name
        recipe = try .parse(
            GeneralizableDistillation.schema, settings: fixture.settings("cases", as: [String: [String]].self)[name] ?? [])
        let all = fixture.tensors(under: name + ".")
        func isResult(_ key: String) -> Bool { key == "loss" || key.hasPrefix("term.") || key.hasPrefix("grad.") }
        (inputs, expected) = (all.filter { !isResult($0.key) }, all.filter { isResult($0.key) })
    }

    private func maps(_ side: String) -> [String: Tensor] {
        let own = inputs.filter { $0.key.hasPrefix(side + ".") }
        return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(side.count + 1)), $0.value) })
    }

    private func laidOut(_ tokens: Tensor) -> Tensor { tokens.dimensions == 3 ? tokens.transpose(1, 2).unsqueeze(3) : tokens }

    func method(_ changes: [String: SettingValue] = [:], dtype: DType = .float32) throws -> GeneralizableDistillation {
        let method = try GeneralizableDistillation(
            MethodSetup(
                settings: recipe.settings.merging(changes) { $1 }, teacherChannels: maps("teacher").mapValues { laidOut($0).size(1) },
                studentChannels: maps("student").mapValues { laidOut($0).size(1) }, classes: 0))
        let own = Set(method.stateDict().map(\.0))
        try method.load(inputs.filter { own.contains($0.key) }, from: name)
        return method.to(dtype: dtype)
    }

    /// The networks' tensors as training lays them out, the student's as leaves.
    func methodInputs(_ change: (Tensor) -> Tensor = { $0 }) -> (inputs: MethodInputs, leaves: [String: Tensor]) {
        let leaves = maps("student").mapValues { change($0).clone() }
        for leaf in leaves.values { leaf.requiresGrad = true }
        let teacher = maps("teacher").mapValues { laidOut(change($0)) }
        return (MethodInputs(teacher: teacher, student: leaves.mapValues(laidOut), labels: inputs["labels"]), leaves)
    }
}

@Suite struct GKDTests {
    @Test(arguments: GKDCase.names) fileprivate func agreesWithPyTorch(_ name: String) throws {
        let test = try GKDCase(name)
        let method = try test.method()
        let (inputs, leaves) = test.methodInputs()
        let loss = method.loss(inputs)
        try assertClose(loss.total, #require(test.expected["loss"]), name)
        #expect(Set(loss.terms.map { "term.\($0.name)" }) == Set(test.expected.keys.filter { $0.hasPrefix("term.") }))
        for (term, value) in loss.terms { try assertClose(value, #require(test.expected["term." + term]), "\(name) \(term)") }
        loss.total.backward()
        let parameters = Dictionary(uniqueKeysWithValues: method.namedParameters())
        let gradients = test.expected.filter { $0.key.hasPrefix("grad.") }
        #expect(gradients.count == leaves.count + parameters.count)
        for (key, gradient) in gradients {
            let path = String(key.dropFirst(5))
            let own = path.hasPrefix("student.") ? leaves[String(path.dropFirst(8))]?.grad : parameters[path]?.grad
            try assertClose(#require(own, "\(name) \(key)"), gradient, "\(name) \(key)")
        }
    }

    @Test func theFixtureHoldsNoOtherCase() throws {
        let names = try Fixture("losses_gkd", in: .module).settings("cases", as: [String: [String]].self).keys
        #expect(Set(names) == Set(GKDCase.names))
    }

    @Test(arguments: GKDCase.names) fileprivate func parityComesOutAsInPyTorch(_ name: String) throws {
        let test = try GKDCase(name)
        let outputs = Dictionary(uniqueKeysWithValues: try LossParity.run(test.recipe, inputs: test.inputs))
        for (key, value) in outputs {
            try assertClose(value, #require(test.expected[key] ?? test.expected["term." + key], "\(name) \(key)"), "\(name) \(key)")
        }
        #expect(outputs.count == test.expected.keys.count { !$0.hasPrefix("grad.projector.") })
    }

    @Test(arguments: ["default", "linear", "labels", "pooled"]) fileprivate func gradientsAreThoseOfFiniteDifferences(_ name: String) throws
    {
        let test = try GKDCase(name)
        let method = try test.method(dtype: .float64)
        let student = test.methodInputs { $0.to(.float64) }.inputs
        let roles = student.student.keys.sorted()
        try checkGradients(at: roles.map { student.student[$0]!.detach().contiguous() }, relative: 1e-6) { maps in
            let given = Dictionary(uniqueKeysWithValues: zip(roles, maps))
            return method.loss(MethodInputs(teacher: student.teacher, student: given, labels: student.labels)).total
        }
    }

    /// bfloat16 keeps 8 bits: each entry is off by at most 2⁻⁹ of itself.
    @Test(arguments: ["default", "labels"]) fileprivate func mapsInBF16GiveTheLossOfTheRoundedMaps(_ name: String) throws {
        let test = try GKDCase(name)
        let loss = try test.method().loss(test.methodInputs { $0.to(.bfloat16) }.inputs).total
        #expect(loss.dtype == .float32)
        try assertClose(loss, test.method().loss(test.methodInputs { $0.to(.bfloat16).float }.inputs).total, name)
    }

    /// φ and ψ round their inputs, weights and results by at most 2⁻⁹ each; their results are attended with and compared in float32.
    @Test(arguments: ["default", "linear"]) fileprivate func headsComputeInTheStudentsType(_ name: String) throws {
        let test = try GKDCase(name)
        let given = test.methodInputs().inputs
        let method = try test.method()
        let loss = method.loss(MethodInputs(teacher: given.teacher, student: given.student, autocast: .bfloat16)).total
        loss.backward()
        let exact = try #require(test.expected["loss"]).item()
        #expect(loss.dtype == .float32 && loss.item() != exact)
        #expect(abs(loss.item() - exact) < 8 * 0x1p-9 * abs(exact))
        for (path, parameter) in method.namedParameters() { #expect(parameter.grad?.dtype == .float32, "\(path)") }
    }

    @Test func channelsLastChangesNothing() throws {
        let test = try GKDCase("labels")
        let loss = try test.method().loss(test.methodInputs { $0.dimensions == 4 ? $0.contiguous(.channelsLast) : $0 }.inputs).total
        try assertClose(loss, #require(test.expected["loss"]))
    }

    /// What stands in the ignored patches changes neither value nor gradient: they are attended to as little as they are compared.
    @Test(arguments: ["labels", "pooled"]) fileprivate func whatIsIgnoredChangesNothing(_ name: String) throws {
        let test = try GKDCase(name)
        let labels = try #require(test.inputs["labels"])
        let (inputs, leaves) = test.methodInputs { map in
            guard map.dimensions == 4, map.size(2) * map.size(3) != 16 else { return map }
            return map.maskedFill(F.nearest(labels.unsqueeze(1).float, Array(map.shape.suffix(2))) .== 255, 30)
        }
        let teacher = test.methodInputs().inputs.teacher
        let loss = try test.method().loss(MethodInputs(teacher: teacher, student: inputs.student, labels: labels)).total
        try assertClose(loss, #require(test.expected["loss"]), name)
        loss.backward()
        for (role, leaf) in leaves {
            try assertClose(#require(leaf.grad), #require(test.expected["grad.student." + role]), "\(name) \(role)")
        }
    }

    @Test(arguments: ["labels", "pooled"]) fileprivate func withoutAnyLabelNothingIsLearned(_ name: String) throws {
        let test = try GKDCase(name)
        let (inputs, leaves) = test.methodInputs()
        let labels = try #require(test.inputs["labels"]).fullLike(255)
        let loss = try test.method().loss(MethodInputs(teacher: inputs.teacher, student: inputs.student, labels: labels)).total
        loss.backward()
        #expect(loss.item() == 0)
        for leaf in leaves.values { #expect(leaf.grad!.abs().amax().item() == 0) }
    }
}

/// What the paper and its code promise.
@Suite struct GKDLawTests {
    /// The only key takes all of the attention.
    @Test func theClassTokensHeadIsALinearMap() throws {
        let test = try GKDCase("default")
        let terms = try test.method().loss(test.methodInputs().inputs).terms
        let linear = try test.method(["head": "linear"]).loss(test.methodInputs().inputs).terms
        #expect(terms[2].name == "token" && terms[2].value.item() == linear[2].value.item())
        #expect(terms[0].value.item() != linear[0].value.item())
    }

    /// Values that are all the same come out as they are, whatever the shares, if these add up to one.
    @Test func sharesAddUpToOne() throws {
        let (queries, keys) = (Tensor.randn([3, 20, 6]) * 5.0, Tensor.randn([3, 20, 6]))
        let value = Tensor.randn([6])
        let error = AttentionError(queries: queries, values: value.expand([3, 20, 6]), keys: keys, counted: nil, scale: 1)()
        try assertClose(error, (value - keys).square().sum())
    }

    /// A query that meets one key alone gets the value at its place.
    @Test func oneHotAttentionGivesTheValues() throws {
        let keys = Tensor.eye(6).unsqueeze(0).expand([2, 6, 6]).contiguous()
        let values = Tensor.randn([2, 6, 6])
        let error = AttentionError(queries: keys * 1000.0, values: values, keys: keys, counted: nil, scale: 1)()
        try assertClose(error, (values - keys).square().sum())
    }

    /// In parts and at once, against LibTorch's own attention: a batch of small images, and images of more rows than fit at a time.
    @Test(arguments: [[5, 300, 8], [2, 1500, 6], [3, 40, 384]]) func partsGiveWhatTheWholeGives(_ shape: [Int]) throws {
        let keys = Tensor.randn(shape)
        func gradients(_ loss: (Tensor, Tensor) -> Tensor) -> [Tensor] {
            let leaves = ["q", "v"].map { formula($0, shape) }
            for leaf in leaves { leaf.requiresGrad = true }
            let value = loss(leaves[0], leaves[1])
            value.backward()
            return [value] + leaves.map { $0.grad! }
        }
        let own = gradients { AttentionError(queries: $0, values: $1, keys: keys, counted: nil, scale: 0.5)() }
        let whole = gradients { queries, values in
            F.mse(F.attention(queries.unsqueeze(1), keys.unsqueeze(1), values.unsqueeze(1), scale: 0.5).squeeze(1), keys, reduction: .sum)
        }
        for (found, wanted) in zip(own, whole) { try assertClose(found, wanted) }
    }

    @Test func theTeacherIsLeftAlone() throws {
        let test = try GKDCase("default")
        let (inputs, _) = test.methodInputs()
        let before = inputs.teacher.mapValues { $0.clone() }
        for map in inputs.teacher.values { map.requiresGrad = true }
        try test.method().loss(inputs).total.backward()
        for (role, map) in inputs.teacher { #expect(map.grad == nil && map.equals(before[role]!)) }
    }

    @Test func aTermOfNoWeightNeedsNeitherHeadNorSecondView() throws {
        let test = try GKDCase("default")
        let method = try test.method(["maskWeight": 0.0, "featureWeight": 0.0])
        #expect(method.maskedView == nil && method.namedParameters().allSatisfy { $0.0.hasPrefix("projector.token.") })
        #expect(method.loss(test.methodInputs().inputs).terms.map(\.name) == ["token"])
        let error = #expect(throws: UserError.self) { try test.method(["maskWeight": 0.0, "featureWeight": 0.0, "tokenWeight": 0.0]) }
        #expect(error?.message == "gkd: no term is left to learn from")
    }

    @Test func parityNeedsTheMaskedTokensAndAsManyOfTheTeachers() throws {
        let test = try GKDCase("default")
        let missing = #expect(throws: UserError.self) {
            try LossParity.run(test.recipe, inputs: test.inputs.filter { $0.key != "student.maskedPatches" })
        }
        #expect(missing?.message.contains("'student.maskedPatches'") == true)
        var others = test.inputs
        others["teacher.patches"] = .randn([3, 7, 8])
        let uneven = #expect(throws: UserError.self) { try LossParity.run(test.recipe, inputs: others) }
        #expect(uneven?.message.contains("other numbers of tokens") == true)
    }

    @Test func parityOfALinearHeadMayBeGivenTheQueriesToo() throws {
        let test = try GKDCase("default")
        var recipe = test.recipe
        recipe.settings["head"] = "linear"
        #expect(try LossParity.run(recipe, inputs: test.inputs).count == 7)
    }
}

@Suite struct MaskedViewTests {
    private func draw(_ view: MaskedView, batch: Int, seed: Int) -> Tensor {
        TorchRandom.isolated(seed: seed) { view.draw(batch: batch, rows: 6, columns: 7, device: .cpu) }
    }

    /// Of the first half of the images half of the patches, of the others none.
    @Test func theFirstImagesLoseTheirShareOfPatches() {
        let mask = draw(MaskedView(probability: 0.5, ratio: 0.5), batch: 5, seed: 1)
        #expect(mask.shape == [5, 6, 7] && mask.dtype == .bool)
        #expect(mask.flatten(1).sum(1).array(of: Int.self) == [21, 21, 0, 0, 0])
        #expect(!mask[0].equals(mask[1]))
        #expect(draw(MaskedView(probability: 1, ratio: 0.1), batch: 2, seed: 1).sum().item() == 8)
        #expect(draw(MaskedView(probability: 0, ratio: 0.5), batch: 4, seed: 1).sum().item() == 0)
        #expect(draw(MaskedView(probability: 0.5, ratio: 0.5), batch: 1, seed: 1).sum().item() == 0)
    }

    @Test func theSeedSaysWhichPatches() {
        let view = MaskedView(probability: 0.5, ratio: 0.5)
        #expect(draw(view, batch: 4, seed: 3).equals(draw(view, batch: 4, seed: 3)))
        #expect(!draw(view, batch: 4, seed: 3).equals(draw(view, batch: 4, seed: 4)))
    }

    /// Every patch is as likely: of 4000 images, one of a half is hidden 2000 ± 32 times; five deviations.
    @Test func everyPatchIsAsLikely() {
        let counts = draw(MaskedView(probability: 1, ratio: 0.5), batch: 4000, seed: 5).long.sum([0]).float
        #expect(counts.amin().item() > 1840 && counts.amax().item() < 2160)
    }
}
