import Distill
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Values and gradients against `scripts/reference/losses_classic.py`.
@Suite struct ClassicLossTests {
    static let cases = [
        "at.default", "at.widths", "at.sizes", "at.labels", "fitnet.default", "fitnet.equal", "fitnet.labels", "mgd.default", "mgd.equal",
        "mgd.labels", "af-dcd.default", "af-dcd.soft", "af-dcd.uneven", "af-dcd.labels", "dsd.default", "dsd.sizes", "dsd.labels",
        "vitkd.default", "vitkd.equal", "vitkd.labels", "cirkd-memory.default", "cirkd-memory.labels",
    ]
    /// One of each method, with ignored pixels.
    static let labelled = [
        "at.labels", "fitnet.labels", "mgd.labels", "af-dcd.labels", "dsd.labels", "vitkd.labels", "cirkd-memory.labels",
    ]

    @Test(arguments: cases) func agreesWithPyTorch(_ name: String) throws {
        try LossCase(name, of: Fixture("losses_classic", in: .module)).check()
    }

    @Test func theFixtureHoldsNoOtherCase() throws {
        let names = try Fixture("losses_classic", in: .module).settings("cases", as: [String: [String: Double]].self).keys
        #expect(Set(names.filter { !$0.hasPrefix("adversarial") }) == Set(Self.cases))
    }

    @Test(arguments: labelled) func channelsLastChangesNothing(_ name: String) throws {
        let test = try LossCase(name, of: Fixture("losses_classic", in: .module))
        let loss = try test.method(classes: 4).loss(
            test.methodInputs(teacher: { $0.contiguous(.channelsLast) }, student: { $0.contiguous(.channelsLast) })
        ).total
        try assertClose(loss, #require(test.expected["loss"]), name)
    }

    /// bfloat16 keeps 8 bits: each entry is off by at most 2⁻⁹ of itself.
    @Test(arguments: labelled) func mapsInBF16GiveTheLossOfTheRoundedMaps(_ name: String) throws {
        let test = try LossCase(name, of: Fixture("losses_classic", in: .module))
        let loss = try test.method(classes: 4).loss(test.methodInputs(teacher: { $0.to(.bfloat16) }, student: { $0.to(.bfloat16) })).total
        let rounded = { (map: Tensor) in map.to(.bfloat16).float }
        let expected = try test.method(classes: 4).loss(test.methodInputs(teacher: rounded, student: rounded)).total
        #expect(loss.dtype == .float32)
        try assertClose(loss, expected, name)
    }

    /// Projectors and generators compute in the student's type; what they make is compared in float32. bfloat16 rounds each of their
    /// inputs, weights and results by at most 2⁻⁹, so a squared distance moves by a few times that.
    @Test(arguments: ["fitnet.labels", "mgd.labels", "af-dcd.labels", "vitkd.labels"])
    func ownLayersComputeInTheStudentsType(_ name: String) throws {
        let test = try LossCase(name, of: Fixture("losses_classic", in: .module))
        let given = test.methodInputs()
        let inputs = MethodInputs(
            teacher: given.teacher, student: given.student, labels: given.labels, draws: given.draws, autocast: .bfloat16)
        let method = try test.method(classes: 4)
        let loss = method.loss(inputs).total
        loss.backward()
        let exact = try #require(test.expected["loss"]).item()
        #expect(loss.dtype == .float32 && loss.item() != exact)
        #expect(abs(loss.item() - exact) < 8 * 0x1p-9 * abs(exact))
        for (path, parameter) in method.namedParameters() { #expect(parameter.grad?.dtype == .float32, "\(path)") }
    }

    @Test(arguments: labelled) func gradientsAreThoseOfFiniteDifferences(_ name: String) throws {
        let test = try LossCase(name, of: Fixture("losses_classic", in: .module))
        let method = try test.method(classes: 4).to(dtype: .float64)
        let before = method.stateDict().map { $1.clone() }
        let student = test.maps("student").sorted { $0.key < $1.key }
        let given = test.methodInputs()
        try checkGradients(at: student.map(\.value), relative: 1e-6) { maps in
            // Every call finds the queues as they were.
            withoutGradients { for (tensor, value) in zip(method.stateDict().map(\.1), before) { tensor.copy_(value) } }
            let leaves = Dictionary(uniqueKeysWithValues: zip(student.map(\.key), maps))
            return method.loss(
                MethodInputs(
                    teacher: given.teacher.mapValues { $0.to(.float64) }, student: leaves, labels: given.labels, draws: given.draws)
            ).total
        }
    }

    /// What stands in the ignored pixels changes neither the value nor any gradient, and gets none.
    @Test(arguments: labelled) func whatIsIgnoredChangesNothing(_ name: String) throws {
        let test = try LossCase(name, of: Fixture("losses_classic", in: .module))
        let labels = try #require(test.inputs["labels"])
        func ignored(_ map: Tensor) -> Tensor {
            F.nearest(labels.unsqueeze(1).float, Array(map.shape.suffix(2))) .== 255
        }
        let loss = try test.method(classes: 4)
        let given = test.methodInputs(student: { map in map.maskedFill(ignored(map), 40) })
        let value = loss.loss(given).total
        try assertClose(value, #require(test.expected["loss"]), name)
        value.backward()
        for (role, leaf) in given.student {
            let gradient = try #require(leaf.grad)
            try assertClose(gradient, #require(test.expected["grad.student." + role]), "\(name) \(role)")
            #expect(gradient.abs().maskedFill(.!ignored(leaf), 0).amax().item() == 0)
        }
    }

    @Test(arguments: labelled) func withoutAnyLabelNothingIsLearned(_ name: String) throws {
        let test = try LossCase(name, of: Fixture("losses_classic", in: .module))
        let given = test.methodInputs()
        let labels = try #require(test.inputs["labels"])
        let loss = try test.method(classes: 4).loss(
            MethodInputs(teacher: given.teacher, student: given.student, labels: labels.fullLike(255), draws: given.draws)
        ).total
        loss.backward()
        #expect(loss.item() == 0)
        for leaf in given.student.values { #expect(leaf.grad!.abs().amax().item() == 0) }
    }

    @Test func parityTakesTheMaskAndTheParameters() throws {
        let test = try LossCase("mgd.default", of: Fixture("losses_classic", in: .module))
        let outputs = Dictionary(uniqueKeysWithValues: try LossParity.run(test.recipe, inputs: test.inputs))
        #expect(Set(outputs.keys) == ["loss", "grad.student.features"])
        for (key, value) in outputs { try assertClose(value, #require(test.expected[key]), key) }
    }

    @Test func parityUsesAProjectorThatIsGivenAndNoneThatIsNot() throws {
        let map = { Tensor.randn([1, 3, 2, 2]) }
        let inputs = ["teacher.features": map(), "student.features": map()]
        let identity = Tensor.eye(3).reshape(3, 3, 1, 1)
        let recipe = MethodRecipe(FitNet.schema)
        let plain = try LossParity.run(recipe, inputs: inputs)[0].1
        let projected = try LossParity.run(
            recipe, inputs: inputs.merging(["projector.weight": identity, "projector.bias": .zeros([3])]) { $1 })[0].1
        try assertClose(plain, projected)
    }
}

/// What holds of a method whatever the numbers.
@Suite struct ClassicMethodTests {
    private func setup(_ kind: any DistillationMethod.Type, _ channels: [String: Int], classes: Int = 4) -> MethodSetup {
        MethodSetup(settings: MethodRecipe(kind.schema).settings, teacherChannels: channels, studentChannels: channels, classes: classes)
    }

    @Test func equalAttentionIsZeroWhateverItsStrength() throws {
        let map = Tensor.randn([2, 4, 5, 6])
        let student = map * 3
        student.requiresGrad = true
        let loss = AttentionTransfer(setup(AttentionTransfer.self, ["features": 4])).loss(
            MethodInputs(teacher: ["features": map], student: ["features": student])
        ).total
        loss.backward()
        #expect(loss.item() < 1e-12 && student.grad!.abs().amax().item() < 1e-6)
    }

    @Test(arguments: [0.25, 0.5, 0.75]) func theMaskHidesItsShare(_ share: Double) throws {
        let map = Tensor.zeros([4, 3, 40, 50])
        let kind = MaskedGenerativeDistillation.self
        var setup = setup(kind, ["features": 3])
        setup = MethodSetup(
            settings: ["maskRatio": .number(share)], teacherChannels: setup.teacherChannels, studentChannels: setup.studentChannels,
            classes: 0)
        let method = kind.init(setup)
        // An identity for a generator: what is hidden is a difference of 1.
        let parameters = Dictionary(uniqueKeysWithValues: method.namedParameters())
        withoutGradients {
            for (name, tensor) in parameters {
                tensor.zero_()
                guard name.hasSuffix("weight") else { continue }
                for channel in 0..<3 { tensor[channel, channel, 1, 1].fill_(1) }
            }
        }
        let ones = map + 1
        TorchRandom.seed(1)
        let loss = method.loss(MethodInputs(teacher: ["features": ones], student: ["features": ones])).total
        #expect(abs(loss.item() * 4 / Double(map.count) - share) < 0.02)
    }

    @Test func channelsThatGroupsDoNotDivideAreRefused() {
        let error = #expect(throws: UserError.self) { try DenseContrast(setup(DenseContrast.self, ["features": 24])) }
        #expect(error?.message.contains("24 channels into 16 groups") == true)
    }

    @Test func aSingleMapHasNoChangesOfAttention() {
        let error = #expect(throws: UserError.self) { try DoubleSimilarity(setup(DoubleSimilarity.self, ["logits": 4, "stage1": 4])) }
        #expect(error?.hint?.contains("taps.teacherStages") == true)
    }

    @Test func memoryIsARing() throws {
        let kind = CrossImageMemory.self
        var recipe = MethodRecipe(kind.schema)
        recipe.settings["pixelMemory"] = .integer(16)
        recipe.settings["regionMemory"] = .integer(2)
        let method = kind.init(
            MethodSetup(settings: recipe.settings, teacherChannels: ["features": 2], studentChannels: ["features": 2], classes: 2))
        let state = Dictionary(uniqueKeysWithValues: method.stateDict())
        let (regions, next) = (state["queue.regions.vectors"]!, state["queue.regions.next"]!)
        let other = regions[1].clone()
        for step in 0..<3 {
            // Each step's teacher looks in another direction.
            let teacher = Tensor([cosine(step), sine(step)], shape: [1, 2, 1, 1]).expand([1, 2, 3, 3])
            _ = method.loss(
                MethodInputs(
                    teacher: ["features": teacher], student: ["features": .randn([1, 2, 3, 3])], labels: .zeros([1, 6, 6], dtype: .int64)))
        }
        try assertClose(regions[0], Tensor([cosine(2), sine(2), cosine(1), sine(1)], shape: [2, 2]))
        #expect(next.array(of: Int.self) == [1, 0])
        #expect(regions[1].equals(other))
        #expect(state["queue.pixels.next"]!.array(of: Int.self) == [27 % 16, 0])
    }

    private func cosine(_ step: Int) -> Float { [1, 0.6, 0][step] }
    private func sine(_ step: Int) -> Float { [0, 0.8, 1][step] }

    @Test func everyImageHidesAsManyTokens() throws {
        let kind = VisionTransformerDistillation.self
        let channels = ["features": 2, "block1": 2]
        let method = kind.init(setup(kind, channels))
        // A generator that gives 0, against a teacher of ones: the error counts the hidden tokens.
        withoutGradients { for parameter in method.parameters() { parameter.zero_() } }
        let maps = ["features": Tensor.ones([3, 2, 5, 7]), "block1": Tensor.ones([3, 2, 5, 7])]
        let terms = method.loss(MethodInputs(teacher: maps, student: maps)).terms
        #expect(terms[0].name == "mimicking" && terms[0].value.item() == 0)
        // 35 tokens, of which 17 stay: 18 · 2 channels / 0.5.
        #expect(terms[1].value.item() == 72)
    }
}
