import SegTesting
import Testing
import Torch

@Suite struct AutogradTests {
    private func trained(_ values: [Float]) -> Tensor {
        let x = Tensor(values)
        x.requiresGrad = true
        return x
    }

    @Test func gradientsAddUpUntilTheyAreDropped() {
        let x = trained([1, 2])
        (x * x).sum().backward()
        (x * x).sum().backward()
        #expect(x.grad!.array(of: Float.self) == [4, 8])
        x.grad = nil
        #expect(x.grad == nil)
        x.square().backward(Tensor([1, 10] as [Float]))
        #expect(x.grad!.array(of: Float.self) == [2, 40])
    }

    @Test func gradientsOfOutputsLeaveGradAlone() {
        let x = trained([3])
        let first = gradients(of: [x.pow(3)], for: [x], createGraph: true)[0]
        let second = gradients(of: [first], for: [x])[0]
        #expect(first.item() == 27 && second.item() == 18)
        #expect(x.grad == nil)
    }

    @Test func gradientsAgreeWithFiniteDifferences() throws {
        let x = formula("x", [2, 3])
        let w = formula("w", [3, 4])
        try checkGradients(at: [x, w]) { ($0[0].matmul($0[1]).tanh() + 2.0).log() }
        #expect(throws: NotClose.self, "a gradient that is cut off") {
            try checkGradients(at: [x]) { $0[0] * $0[0].detach() }
        }
    }

    /// What a loss computed in chunks hands to autograd: its value and its gradient, without a graph in between.
    @Test func aValueWithAGivenGradient() throws {
        let x = trained([1, 2, 3])
        let (value, gradient) = withoutGradients { (x.square().sum(), x * 2) }
        let carrier = (x * gradient).sum()
        let loss = carrier + (value - carrier).detach()
        loss.backward()
        #expect(loss.item() == 14)
        #expect(x.grad!.array(of: Float.self) == [2, 4, 6])
    }

    @Test("a gradient written by hand: the graph keeps the inputs, and neither second derivatives nor changed inputs pass")
    func writtenGradients() throws {
        // x²·y, whose gradient is computed from the inputs alone.
        @Sendable func product(_ x: Tensor, _ y: Tensor) -> Tensor {
            withoutGradients { x.square() * y }.withGradient(of: [x, y]) { inputs, gradient in
                [gradient * inputs[0] * inputs[1] * 2, gradient * inputs[0].square()]
            }
        }
        let (x, y) = (formula("x", [2, 3]), formula("y", [2, 3]))
        try checkGradients(at: [x, y]) { product($0[0].tanh(), $0[1]) }
        let (a, b) = (trained([1, 2]), Tensor([3, 4] as [Float]))
        #expect(!withoutGradients { product(a, b) }.requiresGrad)
        #expect(!product(b, b).requiresGrad)
        product(a, b).sum().backward()
        #expect(a.grad!.array(of: Float.self) == [6, 16] && b.grad == nil)
        #expect(throws: TorchError.self, "twice through one graph") {
            try withTorchErrors {
                let value = product(a, b).sum()
                value.backward()
                value.backward()
            }
        }
        #expect(throws: TorchError.self, "a second derivative") {
            try withTorchErrors { gradients(of: [product(a, b).sum()], for: [a], createGraph: true)[0] }
        }
        #expect(throws: TorchError.self, "an input changed in between") {
            try withTorchErrors {
                let value = product(a, b)
                b.add_(.ones([2]))
                value.sum().backward()
            }
        }
    }

    @Test("what goes wrong in a gradient written by hand is the backward pass's error")
    func failingGradients() throws {
        let x = trained([1, 2])
        let error = #expect(throws: TorchError.self) {
            try withTorchErrors {
                (x.detach() * 2).withGradient(of: [x]) { inputs, gradient in [gradient.matmul(Tensor.ones([5, 5]))] }.sum().backward()
            }
        }
        #expect(try #require(error).message.contains("matmul"))
        #expect(throws: TorchError.self, "the wrong shape") {
            try withTorchErrors { (x.detach() * 2).withGradient(of: [x]) { _, _ in [.ones([3])] }.sum().backward() }
        }
    }

    @Test("a gradient written by hand is let go with the graph")
    func releasedGradients() {
        final class Watched: Sendable {}
        weak var watched: Watched?
        let x = trained([1, 2])
        do {
            let held = Watched()
            watched = held
            let value = (x.detach() * 2).withGradient(of: [x]) { [held] _, gradient in
                withExtendedLifetime(held) { [gradient * 2] }
            }
            value.sum().backward()
            #expect(watched != nil)
        }
        #expect(watched == nil)
    }

    @Test func nothingIsRecordedWithoutGradients() throws {
        struct Stop: Error {}
        let x = trained([1])
        withoutGradients {
            #expect(!(x * 2).requiresGrad)
            withGradients(true) { #expect((x * 2).requiresGrad) }
            #expect(!(x * 2).requiresGrad)
        }
        #expect(throws: Stop.self) { try withoutGradients { throw Stop() } }
        #expect((x * 2).requiresGrad)
        #expect(!x.detach().requiresGrad)
    }

    // MARK: What PyTorch refuses

    @Test func changingWhatBackwardNeedsIsAnError() {
        let x = trained([1, 2])
        let y = x.exp()
        y.add_(Tensor.ones([2]))
        let error = #expect(throws: TorchError.self) { try withTorchErrors { y.sum().backward() } }
        #expect(error?.message.contains("modified by an inplace operation") == true)
    }

    @Test func changingATrainedLeafIsAnError() {
        let x = trained([1, 2])
        let error = #expect(throws: TorchError.self) { try withTorchErrors { x.add_(x) } }
        #expect(error?.message.contains("leaf Variable that requires grad") == true)
        withoutGradients { _ = x.add_(x) }
        #expect(x.array(of: Float.self) == [2, 4])
    }

    @Test func changingAViewIsSeenByItsBase() {
        let x = trained([1, 2, 3])
        let y = x * 1.0
        y[1].mul_(10)
        y.sum().backward()
        #expect(x.grad!.array(of: Float.self) == [1, 10, 1])
    }

    @Test func backwardTwiceIsAnError() {
        let x = trained([1])
        let y = x.exp()
        y.backward(retainGraph: true)
        y.backward()
        let error = #expect(throws: TorchError.self) { try withTorchErrors { y.backward() } }
        #expect(error?.message.contains("second time") == true)
    }

    @Test func backwardFromManyValuesIsAnError() {
        let error = #expect(throws: TorchError.self) { try withTorchErrors { (trained([1, 2]) * 2).backward() } }
        #expect(error?.message.contains("scalar outputs") == true)
        #expect(throws: TorchError.self) { try withTorchErrors { Tensor.ones([]).backward() } }
    }
}
