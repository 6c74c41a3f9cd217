import SegTesting
import Support
import Testing
import Torch
import TorchNN
import TorchOptim

@Suite struct GradientTests {
    @Test("like clip_grad_norm_", arguments: [("clip", 1.0), ("clip.idle", 100.0)])
    func clipping(_ name: String, _ limit: Double) throws {
        let fixture = Training.fixture
        let parameters = try (0..<2).map { index -> Tensor in
            let gradient = try fixture["\(name).before.\(index)"]
            let parameter = gradient.zerosLike()
            parameter.requiresGrad = true
            parameter.grad = gradient.clone()
            return parameter
        }
        let without = Tensor.ones([3])
        without.requiresGrad = true
        #expect(gradientNorm(parameters).equals(gradientNorm(parameters + [without])))
        let norm = clipGradientNorm(parameters + [without], limit: limit)
        try assertClose(norm, fixture["\(name).norm"], "norm")
        for (index, parameter) in parameters.enumerated() {
            try assertClose(parameter.grad!, fixture["\(name).after.\(index)"], "gradient \(index)")
        }
    }

    @Test func uselessGradientsShowInTheNorm() {
        let parameter = Tensor.ones([2])
        parameter.requiresGrad = true
        parameter.grad = Tensor([1, .infinity] as [Float])
        #expect(clipGradientNorm([parameter], limit: 1).item() == .infinity)
        #expect(clipGradientNorm([Tensor.ones([1])], limit: 1).item() == 0)
    }

    @Test func zeroGradDropsGradients() throws {
        let training = try Training()
        let optimizer = SGD(training.group())
        _ = training.backward(optimizer)
        optimizer.zeroGrad()
        #expect(training.network.parameters().allSatisfy { $0.grad == nil })
        #expect(gradientNorm(training.network.parameters()).item() == 0)
    }
}

@Suite struct MovingAverageTests {
    private let network = Sequential(Linear(2, 2), BatchNorm2d(2))

    private func set(_ value: Double) {
        withoutGradients { for (_, tensor) in network.stateDict() { tensor.fill_(value) } }
    }

    private func average(at value: Double...) -> ExponentialMovingAverage {
        let average = ExponentialMovingAverage(of: network, decay: 0.5)
        for value in value {
            set(value)
            average.update()
        }
        return average
    }

    @Test func parametersAndStatisticsAreAveragedAndCountersCopied() {
        let average = average(at: 1, 3, 5)
        for (name, tensor) in average.stateDict {
            let expected: Float = name.hasSuffix("num_batches_tracked") ? 5 : 3.5
            #expect(tensor.array(of: Float.self).allSatisfy { $0 == expected }, "\(name)")
            #expect(!tensor.requiresGrad)
        }
    }

    /// min(1 − 1/t, decay) in step t: at first the mean of all values, then 0.75 of what was there.
    @Test func aRampStartsWithTheMean() throws {
        let average = ExponentialMovingAverage(of: network, decay: 0.75, isRamped: true)
        func follow(_ value: Double, _ average: ExponentialMovingAverage) -> [Float] {
            set(value)
            average.update()
            return average.stateDict[0].1.array(of: Float.self)
                + average.stateDict.first { $0.0.hasSuffix("running_var") }!.1.array(of: Float.self)
        }
        for (value, expected) in [(2, 2), (4, 3), (9, 5), (9, 6), (2, 5)] as [(Double, Float)] {
            #expect(follow(value, average).allSatisfy { abs($0 - expected) < 1e-5 }, "\(value)")
        }
        // A ramp goes on where it was.
        let early = ExponentialMovingAverage(of: network, decay: 0.75, isRamped: true)
        for value in [2.0, 4] { _ = follow(value, early) }
        let second = ExponentialMovingAverage(of: network, decay: 0.75, isRamped: true)
        try second.load(state: Dictionary(uniqueKeysWithValues: early.state.map { ($0, $1.clone()) }))
        #expect(follow(9, second).allSatisfy { abs($0 - 5) < 1e-5 })
    }

    @Test func evaluationSeesTheAveragesAndTrainingGoesOnWithItsOwn() {
        struct Stop: Error {}
        let average = average(at: 1, 3)
        let weight = network.parameters()[0]
        let inside = average.withAverages { weight.array(of: Float.self) }
        #expect(inside.allSatisfy { $0 == 2 })
        #expect(weight.array(of: Float.self).allSatisfy { $0 == 3 } && weight.requiresGrad)
        #expect(throws: Stop.self) { try average.withAverages { throw Stop() } }
        #expect(weight.array(of: Float.self).allSatisfy { $0 == 3 })
        #expect(average.stateDict[0].1.array(of: Float.self).allSatisfy { $0 == 2 })
    }

    @Test func beforeTheFirstUpdateEvaluationSeesTheModel() {
        let average = average()
        set(4)
        #expect(average.withAverages { network.parameters()[0].mean().item() } == 4)
    }

    @Test func aSavedStateContinues() throws {
        let first = average(at: 1, 3)
        let saved = Dictionary(uniqueKeysWithValues: first.state.map { ($0.0, $0.1.clone()) })
        let second = ExponentialMovingAverage(of: network, decay: 0.5)
        try second.load(state: saved)
        set(7)
        first.update()
        second.update()
        #expect(zip(first.state, second.state).allSatisfy { $0.0 == $1.0 && $0.1.equals($1.1) })
        #expect(second.state.last!.1.item() == 3)

        var broken = saved
        broken["average.0.weight"] = nil
        broken["average.9.weight"] = Tensor.ones([1])
        let error = #expect(throws: UserError.self) { try second.load(state: broken) }
        #expect(error?.message.contains("missing: average.0.weight; unexpected: average.9.weight") == true)
    }
}
