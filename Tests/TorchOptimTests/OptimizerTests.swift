import SegTesting
import Support
import Testing
import Torch
import TorchNN
import TorchOptim

/// Optimisers equal PyTorch's after 1, 10 and 100 steps, to a relative error of 1e-5 in float32.
@Suite struct OptimizerTests {
    typealias Make = @Sendable (Training) throws -> any Optimizer

    private static let cases: [String: (rate: Double, make: Make)] = [
        "sgd": (0.1, { SGD($0.group()) }),
        "sgd.momentum": (0.1, { SGD($0.group(), momentum: 0.9) }),
        "sgd.nesterov": (0.1, { SGD($0.group(), momentum: 0.9, nesterov: true) }),
        "sgd.decay": (0.1, { SGD($0.group(weightDecay: 5e-4), momentum: 0.9) }),
        "sgd.dampening": (0.1, { SGD($0.group(weightDecay: 1e-2), momentum: 0.9, dampening: 0.5) }),
        "sgd.groups": (0.1, { SGD(try $0.groups(weightDecay: 1e-2), momentum: 0.9) }),
        "sgd.clip": (0.2, { SGD($0.group(), momentum: 0.9) }),
        "sgd.ema": (0.2, { SGD($0.group(), momentum: 0.9) }),
        "sgd.accumulate": (0.2, { SGD($0.group(), momentum: 0.9) }),
        "sgd.poly": (0.2, { SGD($0.group(), momentum: 0.9) }),
        "adamw": (1e-2, { AdamW($0.group(weightDecay: 1e-2)) }),
        "adamw.betas": (5e-3, { AdamW($0.group(weightDecay: 0.05), beta1: 0.8, beta2: 0.95, eps: 1e-6) }),
        "adamw.groups": (1e-2, { AdamW(try $0.groups(weightDecay: 0.1)) }),
    ]

    @Test("like torch.optim", arguments: cases.keys.sorted())
    func hundredSteps(_ name: String) throws {
        let fixture = Training.fixture
        let (rate, make) = Self.cases[name]!
        let training = try Training()
        let optimizer = try make(training)
        let poly = LearningRateSchedule(base: rate, steps: 100, course: .poly(power: 0.9))
        let average = ExponentialMovingAverage(of: training.network, decay: 0.9)
        let losses = try fixture["\(name).loss"].array(of: Double.self)
        for step in 1...100 {
            let loss = training.backward(optimizer, parts: name == "sgd.accumulate" ? 4 : 1)
            try assertClose(loss, losses[step - 1], "\(name), loss before step \(step)")
            if name == "sgd.clip" {
                let norm = clipGradientNorm(training.network.parameters(), limit: 0.05)
                try assertClose(norm, fixture["sgd.clip.norm"][step - 1], "norm at step \(step)")
            }
            optimizer.step(learningRate: name == "sgd.poly" ? poly.rate(at: step - 1) : rate)
            average.update()
            guard [1, 10, 100].contains(step) else { continue }
            for (key, parameter) in training.network.namedParameters() {
                try assertClose(parameter, fixture["\(name).step\(step).\(key)"], "\(name), \(key) after step \(step)")
            }
            guard name == "sgd.ema" else { continue }
            for (key, value) in average.stateDict {
                try assertClose(value, fixture["\(name).ema\(step).\(key)"], "average of \(key) after step \(step)")
            }
        }
    }

    @Test func everyCaseOfTheFixtureIsTested() {
        let recorded = Training.fixture.tensors.keys.filter { $0.hasSuffix(".loss") }.map { String($0.dropLast(5)) }
        #expect(Set(recorded) == Set(Self.cases.keys))
    }

    // MARK: Checkpoints

    @Test("goes on bit for bit", arguments: ["sgd.momentum", "sgd.groups", "adamw", "adamw.groups"])
    func resuming(_ name: String) throws {
        let (rate, make) = Self.cases[name]!
        func run(_ training: Training, _ optimizer: any Optimizer, _ steps: Int) {
            for _ in 0..<steps {
                _ = training.backward(optimizer)
                optimizer.step(learningRate: rate)
            }
        }
        let whole = try Training()
        run(whole, try make(whole), 7)

        let first = try Training()
        let stopped = try make(first)
        run(first, stopped, 3)
        let weights = Dictionary(uniqueKeysWithValues: first.network.stateDict().map { ($0.0, $0.1.detach().clone()) })
        let state = Dictionary(uniqueKeysWithValues: stopped.state.map { ($0.0, $0.1.clone()) })
        run(first, stopped, 2)

        let second = try Training()
        try second.network.load(weights, from: "checkpoint")
        let resumed = try make(second)
        try resumed.load(state: state)
        run(second, resumed, 4)
        #expect(zip(whole.network.parameters(), second.network.parameters()).allSatisfy { $0.equals($1) })
    }

    @Test func aFreshStateIsEmptyAndRestoresTheFirstStep() throws {
        let training = try Training()
        let optimizer = SGD(training.group(), momentum: 0.9, dampening: 0.5)
        #expect(optimizer.state.isEmpty)
        _ = training.backward(optimizer)
        optimizer.step(learningRate: 0)
        let first = optimizer.state.map { $0.1.clone() }
        #expect(zip(first, training.network.parameters()).allSatisfy { $0.equals($1.grad!) }, "without dampening at first")
        try optimizer.load(state: [:])
        _ = training.backward(optimizer)
        optimizer.step(learningRate: 0)
        #expect(zip(first, optimizer.state).allSatisfy { $0.equals($1.1) })
    }

    @Test func aStateThatDoesNotFitIsRefused() throws {
        let training = try Training()
        let sgd = SGD(training.group(), momentum: 0.9)
        let adam = AdamW(training.group())
        let shape = #expect(throws: UserError.self) { try sgd.load(state: ["momentum_buffer.0.weight": Tensor.ones([2])]) }
        #expect(shape?.message.contains("expected the shape [8, 6], found [2]") == true)
        let name = #expect(throws: UserError.self) { try sgd.load(state: ["exp_avg.0.weight": Tensor.ones([8, 6])]) }
        #expect(name?.message.contains("exp_avg.0.weight") == true)
        let partial = #expect(throws: UserError.self) { try adam.load(state: ["exp_avg.0.weight": Tensor.ones([8, 6])]) }
        #expect(partial?.message.contains("0.weight is not complete") == true)
        #expect(sgd.state.isEmpty && adam.state.isEmpty)
    }

    @Test("a broken step changes nothing", arguments: ["sgd.decay", "adamw"])
    func broken(_ name: String) throws {
        func run(_ isBroken: Double?) throws -> [Tensor] {
            let training = try Training()
            let optimizer = try Self.cases[name]!.make(training)
            for broken in [0, isBroken, 0] {
                guard let broken else { continue }
                _ = training.backward(optimizer)
                optimizer.step(learningRate: 0.1, unless: Tensor(broken))
            }
            return training.network.parameters() + optimizer.state.map(\.1)
        }
        let (plain, skipping, taking) = (try run(nil), try run(1), try run(0))
        #expect(zip(plain, skipping).allSatisfy { $0.equals($1) })
        #expect(!zip(plain, taking).allSatisfy { $0.equals($1) })
    }

    // MARK: Which parameters

    @Test("what has no gradient is left alone", arguments: ["sgd.momentum", "sgd.decay", "adamw"])
    func frozen(_ name: String) throws {
        let training = try Training()
        let optimizer = try Self.cases[name]!.make(training)
        let frozen = training.network.parameters()[0]
        let before = frozen.detach().clone()
        frozen.requiresGrad = false
        _ = training.backward(optimizer)
        optimizer.step(learningRate: 0.1)
        #expect(frozen.equals(before))
        #expect(!optimizer.state.contains { $0.0.hasSuffix("0.weight") })
        // Thawed later, it takes its own first step while the others take their second.
        frozen.requiresGrad = true
        _ = training.backward(optimizer)
        optimizer.step(learningRate: 0.1)
        #expect(!frozen.equals(before))
        if name == "sgd.momentum" {
            let buffer = optimizer.state.first { $0.0.hasSuffix("0.weight") }!.1
            #expect(buffer.equals(frozen.grad!))
        }
    }

    /// The kernels walk over memory: a gradient in another order than its parameter must be put in order first.
    @Test("any order in memory", arguments: ["sgd", "adamw"])
    func layouts(_ kind: String) throws {
        func stepped(_ parameterFormat: MemoryFormat, _ gradientFormat: MemoryFormat) -> Tensor {
            let parameter = formula("p", [2, 3, 4, 5]).contiguous(parameterFormat)
            parameter.requiresGrad = true
            let group = [ParameterGroup(name: "all", parameters: [("p", parameter)])]
            let optimizer: any Optimizer = kind == "sgd" ? SGD(group, momentum: 0.9) : AdamW(group)
            for step in 0..<3 {
                parameter.grad = formula("g\(step)", [2, 3, 4, 5]).contiguous(gradientFormat)
                optimizer.step(learningRate: 0.1)
            }
            return parameter.detach()
        }
        let expected = stepped(.contiguous, .contiguous)
        #expect(stepped(.channelsLast, .contiguous).equals(expected))
        #expect(stepped(.channelsLast, .channelsLast).equals(expected))
        #expect(stepped(.contiguous, .channelsLast).equals(expected))
    }
}
