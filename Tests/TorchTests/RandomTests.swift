import Testing
import Torch

@Suite(.serialized) struct RandomTests {
    private func draw() -> [Float] { Tensor.randn([5]).array(of: Float.self) }

    @Test func aSeedRepeats() {
        TorchRandom.seed(3)
        let first = draw()
        TorchRandom.seed(3)
        #expect(draw() == first)
        TorchRandom.seed(4)
        #expect(draw() != first)
        // torch.manual_seed(0); torch.randn(3)
        TorchRandom.seed(0)
        #expect(Tensor.randn([3]).array(of: Float.self) == [1.5409961, -0.2934289, -2.1787894])
    }

    @Test func aSavedStateContinues() {
        TorchRandom.seed(1)
        _ = draw()
        let state = TorchRandom.state()
        let expected = draw() + Tensor.randperm(7).array(of: Float.self)
        TorchRandom.setState(state)
        #expect(draw() + Tensor.randperm(7).array(of: Float.self) == expected)
    }

    @Test func anIsolatedScopeUsesNothingUp() {
        TorchRandom.seed(1)
        let expected = draw()
        TorchRandom.seed(1)
        let inside = TorchRandom.isolated(seed: 9) { draw() }
        #expect(draw() == expected)
        #expect(inside == TorchRandom.isolated(seed: 9) { draw() })
    }

    @Test func aBrokenStateIsRefused() {
        #expect(throws: TorchError.self) {
            try withTorchErrors { TorchRandom.setState(Tensor.zeros([3], dtype: .uint8)) }
        }
    }
}
