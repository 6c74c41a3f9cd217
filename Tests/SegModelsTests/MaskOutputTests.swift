import SegModels
import SegTesting
import Support
import Testing
import Torch

@Suite struct MaskOutputTests {
    private struct Settings: Decodable {
        /// For each image: number, class, score.
        let segments: [[[Double]]]
    }

    private func predictions() throws -> MaskPredictions {
        let fixture = try Fixture("mask_outputs", in: .module)
        return MaskPredictions(final: .init(classLogits: try fixture["classes"], maskLogits: try fixture["masks"]))
    }

    private func check(_ found: [SegmentMap], _ name: String) throws {
        let fixture = try FixtureCase(name, of: "mask_outputs")
        let expected = try fixture.settings(as: Settings.self).segments
        #expect(found.count == expected.count)
        for (image, (map, segments)) in zip(found, expected).enumerated() {
            try fixture.check(map.ids.float, "\(image)", relative: 1e-6)
            // transformers has an entry for every part of a fused class.
            var seen: Set<Double> = []
            let distinct = segments.filter { seen.insert($0[0]).inserted }
            #expect(map.segments.map { [$0.id, $0.label] } == distinct.map { [Int($0[0]), Int($0[1])] })
            for (segment, numbers) in zip(map.segments, distinct) { #expect(abs(segment.score - numbers[2]) < 2e-6) }
            #expect(map.masks.size(0) == map.segments.count)
        }
    }

    private let sizes = [[40, 24], [20, 48]]

    @Test func instances() throws {
        try withTorchErrors {
            let found = try predictions()
            try check(found.instances(maskSize: [32, 32]), "instance")
            try check(found.instances(threshold: 0.2, maskSize: [32, 32], sizes: sizes), "instance.sizes")
        }
    }

    @Test("however many masks are resized together, the instances are the same, to the bit", arguments: [nil, [24, 40]])
    func chunks(_ size: [Int]?) throws {
        try withTorchErrors {
            let found = TorchRandom.isolated(seed: 3) {
                MaskPredictions(final: .init(classLogits: .randn([2, 13, 4]) * 2, maskLogits: .randn([2, 13, 9, 12])))
            }
            let sizes = size.map { [$0, $0] }
            for threshold in [0, 0.25] {
                let whole = found.instances(threshold: threshold, maskSize: [70, 90], sizes: sizes, chunk: .max)
                #expect(whole.allSatisfy { (threshold == 0 ? 13...13 : 1...12).contains($0.segments.count) })
                for masks in [1, 2, 5] {
                    let parts = found.instances(threshold: threshold, maskSize: [70, 90], sizes: sizes, chunk: masks * 70 * 90)
                    for (one, other) in zip(whole, parts) {
                        #expect(one.segments == other.segments)
                        #expect(one.masks.array(of: Bool.self) == other.masks.array(of: Bool.self))
                        #expect(one.ids.array(of: Int32.self) == other.ids.array(of: Int32.self))
                    }
                }
            }
        }
    }

    @Test func panoptic() throws {
        try withTorchErrors {
            let found = try predictions()
            try check(found.panoptic(maskSize: [32, 32]), "panoptic")
            try check(found.panoptic(threshold: 0.3, overlap: 0.5, maskSize: [32, 32], sizes: sizes), "panoptic.sizes")
            try check(found.panoptic(threshold: 0.1, overlap: 0.3, fusing: [0, 1, 2, 3], maskSize: [32, 32]), "panoptic.fused")
            try check(found.panoptic(threshold: 0.9999, maskSize: [32, 32], sizes: sizes), "panoptic.none")
        }
    }

    @Test("segments after a fused class get numbers of their own")
    func numbers() throws {
        try withTorchErrors {
            // Four stripes: class 0 (fused), 1, 0 again, 1 again.
            let labels = [0, 1, 0, 1]
            let classes = Tensor(labels.flatMap { label in (0..<3).map { Float($0 == label ? 20 : 0) } }, shape: [1, 4, 3])
            let masks = Tensor((0..<4).flatMap { stripe in (0..<8).map { Float($0 / 2 == stripe ? 20 : -20) } }, shape: [1, 4, 1, 8])
            let predictions = MaskPredictions(final: .init(classLogits: classes, maskLogits: masks))
            let map = predictions.panoptic(fusing: [0], maskSize: nil)[0]
            #expect(map.ids.array(of: Int32.self) == [1, 1, 2, 2, 1, 1, 3, 3])
            #expect(map.segments.map(\.id) == [1, 2, 3])
            #expect(map.masks[0].array(of: Bool.self) == [true, true, false, false, true, true, false, false])
        }
    }
}
