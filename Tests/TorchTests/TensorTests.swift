import SegTesting
import Testing
import Torch

@Suite struct TensorTests {
    // MARK: Views and in-place operators

    @Test func viewsShareMemory() {
        let x = Tensor.arange(0, 6, dtype: .float32)
        let rows = x.view(2, 3)
        let turned = rows.transpose(0, 1)
        let column = rows[.all, 1]
        column.fill_(9)
        #expect(x.array(of: Float.self) == [0, 9, 2, 3, 9, 5])
        x.mul_(2)
        #expect(turned.array(of: Float.self) == [0, 6, 18, 18, 4, 10])
        #expect(turned.strides == [1, 3] && !turned.isContiguous())
        for view in [rows, turned, column, x.detach(), x.alias(), x.expand([2, 6]), x.unsqueeze(0)] {
            #expect(view.sharesStorage(with: x))
        }
        #expect(!turned.contiguous().sharesStorage(with: x))
        #expect(!x.clone().sharesStorage(with: x))
        #expect(x.to(.float32).sharesStorage(with: x), "nothing to convert, so nothing is copied")
    }

    @Test func viewFailsWhereReshapeCopies() {
        let turned = Tensor.zeros([2, 3]).transpose(0, 1)
        #expect(throws: TorchError.self) { try withTorchErrors { turned.view(6) } }
        #expect(turned.reshape(6).shape == [6])
    }

    @Test func inPlaceOperatorsReturnTheSameMemory() {
        let x = Tensor.ones([3])
        #expect(x.add_(x, scale: 2).sharesStorage(with: x))
        x.sub_(Tensor([0, 1, 2] as [Float])).div_(Tensor(2)).lerp_(Tensor.zeros([3]), 0.5).clamp_(min: 0.3)
        #expect(compare(x, Tensor([0.75, 0.5, 0.3] as [Float])).isClose)
        #expect(x.zero_().sum().item() == 0)
    }

    @Test func setDataKeepsTheIdentity() {
        let x = Tensor.ones([2])
        x.requiresGrad = true
        let held = x
        x.setData(Tensor.zeros([3], dtype: .float64))
        #expect(held.shape == [3] && held.dtype == .float64 && held.requiresGrad)
    }

    @Test func convolutionKeepsChannelsLast() {
        let x = Tensor.randn([2, 4, 9, 7]).contiguous(.channelsLast)
        let weight = Tensor.randn([6, 4, 3, 3]).contiguous(.channelsLast)
        let y = F.conv2d(x, weight, padding: [1, 1])
        #expect(y.isContiguous(.channelsLast) && !y.isContiguous())
        let normalized = F.relu(F.batchNorm(y, weight: nil, bias: nil, runningMean: nil, runningVar: nil, training: true) + 1)
        #expect(normalized.isContiguous(.channelsLast))
        #expect(F.bilinear(normalized, [18, 14]).isContiguous(.channelsLast))
        #expect(compare(y, F.conv2d(x.contiguous(), weight.contiguous(), padding: [1, 1])).isClose)
    }

    @Test func sameLayout() {
        let x = Tensor.zeros([2, 3, 4, 5])
        #expect(!x.hasSameLayout(as: x.contiguous(.channelsLast)))
        #expect(x.hasSameLayout(as: x.clone()))
        #expect(!x.hasSameLayout(as: Tensor.zeros([2, 3, 5, 4])))
        let pointwise = Tensor.zeros([2, 3, 1, 1])
        #expect(pointwise.hasSameLayout(as: pointwise.contiguous(.channelsLast)))
    }

    // MARK: Shapes and types

    @Test func shapesBroadcast() throws {
        let sum = Tensor.arange(0, 3, dtype: .float32).reshape(3, 1) + Tensor([10, 20] as [Float])
        #expect(sum.shape == [3, 2] && sum.array(of: Float.self) == [10, 20, 11, 21, 12, 22])
        let error = #expect(throws: TorchError.self) { try withTorchErrors { Tensor.ones([3]) + Tensor.ones([2]) } }
        #expect(error?.message.contains("aten::add.Tensor(Float[3], Float[2]") == true)
    }

    @Test func typesArePromotedAsInPyTorch() {
        let whole = Tensor([1, 2])
        let single = Tensor([1, 2] as [Float])
        let half = single.to(.bfloat16)
        let double = single.to(.float64)
        let truth = Tensor([true, false])
        let byte = Tensor([1, 2] as [UInt8])
        #expect((whole + single).dtype == .float32)
        #expect((half + single).dtype == .float32)
        #expect((single + double).dtype == .float64)
        #expect((truth + byte).dtype == .uint8)
        #expect((byte + whole).dtype == .int64)
        #expect((half.to(.float16) + half).dtype == .float32)
        #expect((whole * 2).dtype == .int64 && (2 * whole).dtype == .int64 && (3 - whole).dtype == .int64)
        #expect((whole * 2.0).dtype == .float32 && (whole / 2).dtype == .float32)
        #expect((half * 2.0).dtype == .bfloat16)
        #expect((single .> 1).dtype == .bool && (whole .== 2).array(of: Bool.self) == [false, true])
        #expect(whole.sum().dtype == .int64 && truth.sum().item() == 1)
        #expect(throws: TorchError.self, "no conversion in place") { try withTorchErrors { whole.add_(single) } }
    }

    @Test func valuesComeBackConverted() {
        let x = Tensor([1.5, -2, 0] as [Float]).reshape(3, 1).transpose(0, 1)
        #expect(x.array(of: Double.self) == [1.5, -2, 0])
        #expect(x.array(of: Int.self) == [1, -2, 0])
        #expect(x.array(of: Bool.self) == [true, true, false])
        #expect(x.to(.bfloat16).array(of: Float.self) == [1.5, -2, 0])
        #expect(Tensor([Int](), shape: [0, 3]).array(of: Int.self) == [])
        #expect(Tensor(2.5).item() == 2.5 && Tensor(2.5).shape == [])
        #expect(Tensor.zeros([2, 3]).size(-1) == 3)
        #expect("\(Tensor([1, 2]))" == "Tensor(int64[2] [1, 2])")
    }

    // MARK: Memory of others

    private final class Owner: @unchecked Sendable {
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 6)
        let onRelease: @Sendable () -> Void
        init(onRelease: @escaping @Sendable () -> Void) {
            self.onRelease = onRelease
            for index in 0..<6 { memory[index] = Float(index) }
        }
        deinit {
            memory.deallocate()
            onRelease()
        }
    }

    @Test func foreignMemoryIsReleasedExactlyOnceAfterTheLastView() async throws {
        await confirmation(expectedCount: 1) { released in
            var view: Tensor?
            do {
                let owner = Owner { released() }
                let base = UnsafeMutableRawPointer(owner.memory.baseAddress!)
                let x = Tensor.over(base, shape: [2, 3], dtype: .float32, keeping: owner)
                #expect(x.array(of: Float.self) == [0, 1, 2, 3, 4, 5])
                view = Tensor.over(base, shape: [3, 2], strides: [1, 3], dtype: .float32, keeping: owner)[1]
            }
            #expect(view!.array(of: Float.self) == [1, 4])
            view = nil
        }
    }

    @Test func foreignMemoryIsReleasedWhenItsLayoutIsRefused() async throws {
        await confirmation(expectedCount: 1) { released in
            let owner = Owner { released() }
            let base = UnsafeMutableRawPointer(owner.memory.baseAddress!)
            #expect(throws: TorchError.self) {
                try withTorchErrors { Tensor.over(base, shape: [-2, 3], dtype: .float32, keeping: owner) }
            }
        }
    }
}
