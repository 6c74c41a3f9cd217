import SegTesting
import Testing
import Torch

@Suite struct IndexTests {
    /// 0 … 23 as 2×3×4: entry (i, j, k) is 12i + 4j + k.
    let x = Tensor.arange(0, 24).reshape(2, 3, 4)

    @Test func wholeNumbersTakeOneEntry() {
        #expect(x[0].shape == [3, 4])
        #expect(x[-1].array(of: Int.self) == Array(12..<24))
        #expect(x[1, 2, 3].item() == 23)
        #expect(x[.all, 1].array(of: Int.self) == [4, 5, 6, 7, 16, 17, 18, 19])
        #expect(x[.all, .all, -2].array(of: Int.self) == [2, 6, 10, 14, 18, 22])
    }

    @Test func rangesTakeAPart() {
        #expect(x[0..<1].shape == [1, 3, 4])
        #expect(x[1...].array(of: Int.self) == Array(12..<24))
        #expect(x[.all, ..<2].shape == [2, 2, 4])
        #expect(x[0, .all, (-2)...].array(of: Int.self) == [2, 3, 6, 7, 10, 11])
        #expect(x[0, 0, ..<(-1)].array(of: Int.self) == [0, 1, 2])
        #expect(x[0, 0, 2..<100].array(of: Int.self) == [2, 3])
        #expect(x[0, 0, 3..<3].count == 0)
    }

    @Test func steps() {
        #expect(x[0, 0, .stride(by: 2)].array(of: Int.self) == [0, 2])
        #expect(x[0, 0, .stride(from: 1, to: -1, by: 2)].array(of: Int.self) == [1])
        #expect(throws: TorchError.self) { try withTorchErrors { x[.stride(by: -1)] } }
    }

    @Test func newAxes() {
        #expect(x[.new].shape == [1, 2, 3, 4])
        #expect(x[.all, .new, 0].shape == [2, 1, 4])
        #expect(x[0, .all, .all, .new].shape == [3, 4, 1])
    }

    @Test func positionsAndMasksCopy() {
        let picked = x[Tensor([1, 0, 1])]
        #expect(picked.shape == [3, 3, 4])
        #expect(picked[0].equals(x[1]) && picked[1].equals(x[0]))
        let even = x[x.remainder(2) .== 0]
        #expect(even.array(of: Int.self) == Array(stride(from: 0, to: 24, by: 2)))
        #expect(!even.sharesStorage(with: x))
    }

    @Test func assigningChangesTheTensor() {
        let y = x.clone()
        y[0, 1] = Tensor([-1, -2, -3, -4])
        #expect(y[0].array(of: Int.self) == [0, 1, 2, 3, -1, -2, -3, -4, 8, 9, 10, 11])
        y[.all, .all, 0] = Tensor(7, dtype: .int64)
        #expect(y[1, .all, 0].array(of: Int.self) == [7, 7, 7])
        y[y .< 0] = Tensor(0, dtype: .int64)
        #expect(y[0, 1].array(of: Int.self) == [7, 0, 0, 0])
        y[Tensor([1])] = Tensor.zeros([1, 3, 4], dtype: .int64)
        #expect(y[1].sum().item() == 0)
    }

    @Test func gradientsReachTheIndexedEntriesOnly() {
        let z = Tensor.ones([2, 3])
        z.requiresGrad = true
        (z[1, 1...] * 3).sum().backward()
        #expect(z.grad!.array(of: Float.self) == [0, 0, 0, 0, 3, 3])
    }

    @Test func outOfRange() {
        let error = #expect(throws: TorchError.self) { try withTorchErrors { x[5] } }
        #expect(error?.message.contains("aten::select.int(Long[2, 3, 4], 0, 5)") == true)
        #expect(error?.message.contains("out of range") == true)
    }
}
