import Testing
import Torch
import TorchNN

/// A module with every kind of member.
private final class Network: Module {
    let firstConv = Conv2d(3, 4, kernel: 1, bias: false)
    let blocks: [Block] = [Block(4), Block(4)]
    let head: Linear?
    let extra: Linear? = nil
    let heads = ["main": Linear(4, 2), "aux": Linear(4, 2)]
    let scale: Tensor
    let shift: Tensor? = nil
    @Buffer var runningScale: Tensor
    let renamed = Linear(4, 4, bias: false)
    let inner = Block(4)
    let name = "not a member"

    override class var keys: [String: String] { ["renamed": "layers.7", "inner": ""] }

    init(hasHead: Bool) {
        head = hasHead ? Linear(4, 2) : nil
        scale = Tensor.ones([4])
        _runningScale = Buffer(wrappedValue: .zeros([4]))
        super.init()
        markTrainable()
    }
}

private class Block: Module {
    let norm1: BatchNorm2d
    let dropout = Dropout(0.1)

    init(_ channels: Int) { norm1 = BatchNorm2d(channels) }
}

private final class DerivedBlock: Block {
    let norm2 = LayerNorm(4)
}

@Suite struct ModuleTests {
    @Test func namesArePyTorchs() {
        let names = Network(hasHead: true).stateDict().map(\.0)
        let norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        let expected =
            ["first_conv.weight"] + norm.map { "blocks.0.norm1.\($0)" } + norm.map { "blocks.1.norm1.\($0)" }
            + ["head.weight", "head.bias", "heads.aux.weight", "heads.aux.bias", "heads.main.weight", "heads.main.bias"]
            + ["scale", "running_scale", "layers.7.weight"] + norm.map { "norm1.\($0)" }
        #expect(names == expected)
        #expect(!Network(hasHead: false).stateDict().contains { $0.0.hasPrefix("head.") })
    }

    @Test func parametersAndBuffersAreToldApart() {
        let network = Network(hasHead: false)
        #expect(network.namedBuffers().map(\.0).filter { !$0.contains("norm") } == ["running_scale"])
        #expect(network.parameters().allSatisfy { $0.requiresGrad })
        #expect(network.namedBuffers().allSatisfy { !$0.1.requiresGrad })
        #expect(network.stateDict().count == network.parameters().count + network.namedBuffers().count)
        #expect(network.parameterCount == 12 + 3 * 8 + 2 * 10 + 4 + 16)
        let paths = network.namedModules().map(\.0)
        #expect(paths.first == "" && paths.contains("blocks.1.dropout") && paths.contains("heads.aux"))
    }

    @Test func membersOfTheSuperclassComeFirst() {
        #expect(DerivedBlock(4).namedParameters().map(\.0) == ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"])
    }

    @Test func trainingReachesTheWholeTree() {
        let network = Network(hasHead: true)
        #expect(network.isTraining)
        network.eval()
        #expect(network.namedModules().allSatisfy { !$0.1.isTraining })
        network.blocks[1].train()
        #expect(network.blocks[1].dropout.isTraining && !network.blocks[0].dropout.isTraining && !network.isTraining)
    }

    @Test func conversionKeepsTheTensors() {
        let network = Network(hasHead: true)
        let before = network.stateDict().map(\.1)
        network.to(dtype: .bfloat16, format: .channelsLast)
        let after = network.stateDict().map(\.1)
        #expect(zip(before, after).allSatisfy { $0 === $1 })
        #expect(network.firstConv.weight.dtype == .bfloat16 && network.firstConv.weight.isContiguous(.channelsLast))
        #expect(network.runningScale.dtype == .bfloat16)
        #expect(network.blocks[0].norm1.numBatchesTracked.dtype == .int64, "a counter stays a whole number")
        #expect(network.parameters().allSatisfy { $0.requiresGrad })
    }

    @Test func frozenParametersGetNoGradient() {
        let stem = Linear(3, 3).freeze()
        let head = Linear(3, 2)
        head(stem(Tensor.ones([1, 3]))).sum().backward()
        #expect(stem.weight.grad == nil && head.weight.grad != nil)
    }

    @Test func batchNormCountsItsBatchesOnlyWhileTraining() {
        let norm = BatchNorm2d(2)
        let x = Tensor.randn([2, 2, 3, 3])
        _ = norm(x)
        _ = norm(x)
        norm.eval()
        _ = norm(x)
        #expect(norm.numBatchesTracked.item() == 2)
    }
}
