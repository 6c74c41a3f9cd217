import SegTesting
import Torch
import TorchNN
import TorchOptim

/// The small network and the data of `Fixtures/optimizers.safetensors`.
struct Training {
    static let fixture = try! Fixture("optimizers", in: .module)

    let network = Sequential(Linear(6, 8), Activation(.tanh), Linear(8, 3))
    let inputs: Tensor
    let labels: Tensor

    init() throws {
        try network.load(Self.fixture.tensors(under: "initial."), from: "initial")
        inputs = try Self.fixture["data.x"]
        labels = try Self.fixture["data.labels"]
    }

    /// All parameters in one group.
    func group(weightDecay: Double = 0) -> [ParameterGroup] {
        [ParameterGroup(name: "all", parameters: network.namedParameters(), weightDecay: weightDecay)]
    }

    /// Weights and biases in groups of their own, the biases with twice the rate and no decay.
    func groups(weightDecay: Double) throws -> [ParameterGroup] {
        try ParameterGroup.groups(
            of: network.namedParameters(),
            rules: [.init("*.weight"), .init("*.bias", learningRateScale: 2, weightDecay: 0)], weightDecay: weightDecay)
    }

    /// Adds up the gradients of the mean loss over `parts` equal parts of the data; gives the loss.
    func backward(_ optimizer: any Optimizer, parts: Int = 1) -> Double {
        optimizer.zeroGrad()
        var total = 0.0
        for (input, label) in zip(inputs.chunk(parts), labels.chunk(parts)) {
            let loss = F.crossEntropy(network(input), label) / Double(parts)
            loss.backward()
            total += loss.item()
        }
        return total
    }
}
