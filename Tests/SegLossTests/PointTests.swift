import SegLoss
import SegTesting
import Testing
import Torch

/// Masks in bits, read at points, against `grid_sample` of masks in numbers.
@Suite struct PointTests {
    /// B×T×H×W truth values as numbers.
    private func masks(_ shape: [Int]) -> Tensor { (Tensor.rand(shape, dtype: .float64) .> 0.5).to(.float64) }

    /// Points all over, on the corners, and on the edges.
    private func points(_ count: Int) -> Tensor {
        let corners = Tensor([0, 0, 1, 0, 0, 1, 1, 1, 0.5, 0, 1, 0.25] as [Double], shape: [6, 2])
        return Tensor.concatenate([Tensor.rand([count - 6, 2], dtype: .float64), corners])
    }

    private func reference(_ masks: Tensor, _ points: Tensor) -> Tensor {
        F.gridSample(masks, (points * 2.0 - 1.0).reshape(1, 1, -1, 2).expand([masks.size(0), 1, points.size(0), 2])).squeeze(2)
    }

    @Test(arguments: [[2, 3, 5, 9], [1, 17, 8, 8], [3, 7, 1, 1], [2, 8, 6, 4]])
    func bitsAreSampledAsNumbersAre(_ shape: [Int]) throws {
        let (masks, points) = (masks(shape), points(50))
        let labels = [[Int]](repeating: .init(repeating: 0, count: shape[1]), count: shape[0])
        let targets = MaskTargets(labels: labels, masks: (0..<shape[0]).map { masks[$0] }, height: shape[2], width: shape[3])
        let expected = reference(masks, points)
        for image in 0..<shape[0] {
            let (found, ignored) = targets.sample(points, image: image)
            #expect(ignored == nil)
            try assertClose(found, expected[image], relative: 1e-12)
            for mask in 0..<shape[1] {
                try assertClose(targets.sample(points.unsqueeze(0), of: [(mask, image)]).masks[0], expected[image, mask], relative: 1e-12)
            }
        }
    }

    @Test func aLabelMapIsAMaskForEveryClass() throws {
        let map: [UInt8] = [3, 3, 255, 0, 3, 255, 9, 9, 9] + .init(repeating: 255, count: 9)
        let targets = map.withUnsafeBytes { MaskTargets(semantic: $0, batch: 2, height: 3, width: 3) }
        #expect(targets.labels == [[0, 3, 9], []])
        let points = points(40)
        let labels = Tensor(map.map(Double.init), shape: [2, 3, 3])
        let found = (0..<2).map { targets.sample(points, image: $0) }
        #expect(found.map { $0.masks.size(0) } == [3, 0])
        for (mask, label) in [0, 3, 9].enumerated() {
            let own = (labels[0] .== label).to(.float64).reshape(1, 1, 3, 3)
            try assertClose(found[0].masks[mask], reference(own, points)[0, 0], relative: 1e-12)
        }
        // Beyond the edge a pixel's neighbour is itself: no half of an ignored pixel counts.
        let outside = (labels .== 255).to(.float64).unsqueeze(1).pad([1, 1, 1, 1], mode: "replicate")
        let moved = (points * 3.0 + 1.0) / 5
        try assertClose(Tensor.stack(found.map { try #require($0.ignored) }), reference(outside, moved).squeeze(1), relative: 1e-12)
    }

    /// Twelve classes, seven in the first plane; the image before has one.
    @Test func laterPlanesKnowWhatIsIgnored() throws {
        let map = (0..<36).map { UInt8($0 % 6 == 2 ? 255 : $0 / 3) }
        let both = [UInt8](repeating: 3, count: 36) + map
        let targets = both.withUnsafeBytes { MaskTargets(semantic: $0, batch: 2, height: 6, width: 6) }
        #expect(targets.labels == [[3], Array(0..<12)])
        let points = points(40)
        let labels = Tensor(map.map(Double.init), shape: [1, 1, 6, 6])
        let outside = (labels .== 255).to(.float64).pad([1, 1, 1, 1], mode: "replicate")
        let expected = reference(outside, (points * 6.0 + 1.0) / 8)[0, 0]
        let (found, ignored) = targets.sample(Tensor.stack([points, points]), of: [(7, 1), (8, 1)])
        for (row, mask) in [7, 8].enumerated() {
            try assertClose(found[row], reference((labels .== mask).to(.float64), points)[0, 0], relative: 1e-12)
            try assertClose(#require(ignored)[row], expected, relative: 1e-12)
        }
    }

    @Test func runsDownColumnsArePaintedWhereTheyAre() throws {
        let targets = MaskTargets(labels: [[1], [2, 0]], height: 4, width: 3) { canvas in
            canvas.add(to: 1, of: 1, column: 2, row: 1, length: 3)
            canvas.add(to: 0, of: 0, column: 0, row: 0, length: 4)
        }
        let expected = Tensor.zeros([2, 2, 4, 3], dtype: .float64)
        expected[1, 1, 1..<4, 2].fill_(1)
        expected[0, 0, .all, 0].fill_(1)
        let points = points(30)
        for (image, count) in [1, 2].enumerated() {
            let found = targets.sample(points, image: image).masks
            try assertClose(found, reference(expected, points)[image, 0..<count], relative: 1e-12)
        }
    }
}
