import Distill
import SegTesting
import Testing
import Torch

/// The parts of the relation losses.
@Suite struct RelationPartTests {
    /// Tiles of a few rows, and a memory that holds some of them, all or none, give what whole matrices give.
    @Test(arguments: [(64, 0), (200, 0), (200, 1500), (200, 1 << 20), (1 << 20, 1 << 20)], [false, true])
    func tilesGiveWhatTheWholeMatrixGives(_ limits: (tile: Int, kept: Int), _ acrossImages: Bool) throws {
        let teacher = Tensor.randn([3, 6, 37])
        let weights = Tensor.rand([3, 37])
        weights[1, 5..<12].fill_(0)
        let student = Tensor.randn([3, 4, 37])
        student.requiresGrad = true
        let expected = whole(teacher, student, weights, 0.2, acrossImages)
        let slope = gradients(of: [expected], for: [student])[0]
        let found = RelationDivergence(
            teacher: teacher, student: student, weights: weights, temperature: 0.2, limits: .init(tile: limits.tile, kept: limits.kept))(
                acrossImages: acrossImages)
        try assertClose(found, expected)
        try assertClose(gradients(of: [found * 3.0], for: [student])[0], slope * 3.0)
    }

    private func whole(_ teacher: Tensor, _ student: Tensor, _ weights: Tensor, _ temperature: Double, _ acrossImages: Bool) -> Tensor {
        let (teacher, student) = (teacher.normalized(1), student.normalized(1))
        let none = -1e6
        var sum = Tensor(0)
        for p in 0..<3 {
            for q in 0..<3 where acrossImages || p == q {
                let ignored = weights[q].unsqueeze(0) .== 0.0
                func rows(_ maps: Tensor) -> Tensor {
                    (maps[p].transpose(0, 1).matmul(maps[q]) / temperature).maskedFill(ignored, none).logSoftmax(1)
                }
                let (t, s) = (rows(teacher), rows(student))
                sum = sum + (weights[p] * (t.exp() * (t - s)).sum(1)).sum()
            }
        }
        return sum
    }

    @Test func aMapOfOneFeatureHasNoBoundary() {
        let map = Tensor.randn([1, 6, 1, 1]).expand([2, 6, 5, 7])
        for reduction in BoundaryMap.Reduction.allCases {
            #expect(BoundaryMap.of(map, ignored: nil, reduction).abs().amax().item() < 1e-6)
        }
    }

    @Test func twoRegionsHaveABoundaryOnlyWhereTheyMeet() throws {
        let map = Tensor.zeros([1, 2, 5, 8])
        map[0, 0, .all, 0..<3].fill_(2)
        map[0, 1, .all, 3...].fill_(0.5)
        let interface = Tensor.zeros([1, 1, 5, 8])
        interface[0, 0, .all, 2..<4].fill_(1)
        try assertClose(BoundaryMap.of(map, ignored: nil, .min), interface)
        // The middle rows have three of eight neighbours on the other side, the outer ones two of five.
        let mean = BoundaryMap.of(map, ignored: nil, .mean)[0, 0]
        try assertClose(mean[2, 2], Tensor(3.0 / 8))
        try assertClose(mean[0, 3], Tensor(2.0 / 5))
        #expect(mean[.all, 0..<2].abs().amax().item() == 0 && mean[.all, 4...].abs().amax().item() == 0)
    }

    @Test func aBoundaryToWhatIsIgnoredIsNone() {
        let map = Tensor.zeros([1, 2, 5, 8])
        map[0, 0, .all, 0..<3].fill_(2)
        map[0, 1, .all, 3...].fill_(0.5)
        let ignored = Tensor.zeros([1, 1, 5, 8], dtype: .bool)
        ignored[.all, .all, .all, 3...].fill_(1)
        #expect(BoundaryMap.of(map, ignored: ignored, .min).abs().amax().item() == 0)
    }

    @Test(arguments: [(1, 1), (1, 4), (4, 1)])
    func mapsOfOneRowOrColumnHaveFewerNeighbours(_ height: Int, _ width: Int) {
        let map = Tensor.randn([1, 3, height, width])
        let boundary = BoundaryMap.of(map, ignored: nil, .min)
        #expect(boundary.shape == [1, 1, height, width])
        #expect((height * width == 1) == (boundary.amax().item() == 0))
    }
}
