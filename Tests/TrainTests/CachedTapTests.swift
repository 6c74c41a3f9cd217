import Foundation
import SegData
import Support
import Testing
import Torch
import Train
import Vision

/// A cached map under crop, flip, turn and scale against the living teacher: one convolution, whose maps are known exactly.
@Suite struct CachedTapTests {
    init() throws { try LibTorch.load() }

    /// 3×3 of stride 4, the same from left and right, above and below; its windows are centred on pixels 0, 4, 8, …
    private let convolution = CachedTap(name: "map", channels: 2, stride: 4, phase: 0.5)
    /// Means of patches of 4×4.
    private let patches = CachedTap(name: "map", channels: 2, stride: 4, phase: 2)

    private func maps(_ tap: CachedTap, of image: Tensor) -> Tensor {
        if tap.phase == 2 {
            let kernel = Tensor.ones([2, 1, 4, 4]) / 16
            return F.conv2d(image, kernel, stride: [4, 4], groups: 2)
        }
        let row = Tensor([0.25, 0.5, 0.25] as [Float], shape: [1, 3])
        let kernel = (row * row.transpose(0, 1)).reshape(1, 1, 3, 3).repeated([2, 1, 1, 1])
        return F.conv2d(image, kernel, stride: [4, 4], padding: [1, 1], groups: 2)
    }

    private func noise(_ height: Int, _ width: Int) -> Tensor {
        TorchRandom.seed(3)
        return Tensor.rand([1, 2, height, width])
    }

    /// 1×2×H×W whose channels tell the place in the whole image, in shares of it, of a picture with that origin.
    private func ramp(_ size: Size, _ origin: AffineMap) -> Tensor {
        var values = [Float](repeating: 0, count: 2 * size.width * size.height)
        for y in 0..<size.height {
            for x in 0..<size.width {
                let place = origin(x: Double(x) + 0.5, y: Double(y) + 0.5)
                values[y * size.width + x] = Float(place.x)
                values[(size.height + y) * size.width + x] = Float(place.y)
            }
        }
        return Tensor(values, shape: [1, 2, size.height, size.width])
    }

    private func largest(_ difference: Tensor) -> Double { difference.abs().amax().item() }

    /// Without what the padding at a picture's edges changes.
    private func inside(_ map: Tensor) -> Tensor { map[.all, .all, 1..<map.size(2) - 1, 1..<map.size(3) - 1] }

    @Test func theWholeImageIsItself() {
        let size = Size(width: 37, height: 22)
        let map = maps(convolution, of: noise(22, 37))
        let same = convolution.resampled(map, view: size, origin: AffineMap(xx: 1 / 37, yy: 1 / 22), output: size)
        #expect(same.shape == [1, 2, 6, 10])
        #expect(largest(same - map) < 1e-5)
    }

    @Test func aCropOnTheGridIsExact() {
        let image = noise(40, 60)
        let crop = image[.all, .all, 8..<32, 12..<44]
        let origin = AffineMap(xx: 1.0 / 60, x0: 12.0 / 60, yy: 1.0 / 40, y0: 8.0 / 40)
        for tap in [convolution, patches] {
            let (live, whole) = (maps(tap, of: crop), maps(tap, of: image))
            let cached = tap.resampled(whole, view: Size(width: 60, height: 40), origin: origin, output: Size(width: 32, height: 24))
            #expect(cached.shape == live.shape)
            #expect(largest(inside(cached - live)) < 1e-5)
            // Patches know nothing of their neighbours; a convolution sees the crop's edge.
            #expect((largest(cached - live) < 1e-5) == (tap.phase == 2))
        }
    }

    /// A mirrored map is the map of the mirrored image where the kernel is symmetric and the last window ends as the first begins.
    @Test func mirroredMapsAreExactWhereTheGridsMeet() {
        let (image, size) = (noise(25, 33), Size(width: 33, height: 25))
        for (flip, origin) in [
            ([3], AffineMap(xx: -1.0 / 33, x0: 1, yy: 1.0 / 25)), ([2], AffineMap(xx: 1.0 / 33, yy: -1.0 / 25, y0: 1)),
        ] {
            let cached = convolution.resampled(maps(convolution, of: image), view: size, origin: origin, output: size)
            #expect(largest(cached - maps(convolution, of: image.flip(flip))) < 1e-5)
        }
        let even = noise(24, 32)
        let cached = patches.resampled(
            maps(patches, of: even), view: Size(width: 32, height: 24), origin: AffineMap(xx: -1.0 / 32, x0: 1, yy: 1.0 / 24),
            output: Size(width: 32, height: 24))
        #expect(largest(cached - maps(patches, of: even.flip([3]))) < 1e-5)
    }

    /// Any crop, scale, flip and turn of a picture of slopes, whose maps lie on planes: bilinear sampling is exact.
    @Test func everyPlaceIsFound() {
        let view = Size(width: 64, height: 48)
        let whole = AffineMap(xx: 1.0 / 64, yy: 1.0 / 48)
        let output = Size(width: 30, height: 23)
        let changes = [
            AffineMap(xx: 1, x0: 13, yy: 1, y0: 9),
            AffineMap(xx: -1, x0: 45, yy: 1, y0: 10),
            AffineMap(xx: 0.5, x0: 20, yy: 0.5, y0: 14),
            AffineMap(xx: 1.4, x0: 9, yy: 1.3, y0: 9),
            AffineMap(xx: 0, xy: 1, x0: 15, yx: -1, yy: 0, y0: 40),
            AffineMap(xx: 1, xy: 0.2, x0: 12, yx: -0.1, yy: 1, y0: 14),
        ]
        for tap in [convolution, patches] {
            let map = maps(tap, of: ramp(view, whole))
            for change in changes {
                let origin = whole.then(change)
                let cached = tap.resampled(map, view: view, origin: origin, output: output)
                var padded = output
                if tap.phase == 2 { padded = Size(width: 32, height: 24) }
                let live = maps(tap, of: ramp(padded, origin))
                #expect(cached.shape == live.shape)
                #expect(largest(inside(cached - live)) < 2e-5)
            }
        }
        // The wrong phase does not find them.
        var wrong = convolution
        wrong.phase = 2
        let mirrored = whole.then(changes[1])
        let live = maps(convolution, of: ramp(output, mirrored))
        let map = maps(convolution, of: ramp(view, whole))
        #expect(largest(inside(wrong.resampled(map, view: view, origin: mirrored, output: output) - live)) > 0.01)
    }

    // MARK: Storage

    private func stored(_ tap: CachedTap, _ map: Tensor, half: Bool) throws -> Tensor {
        let parts = try tap.stored(map, half ? .float16 : .float32)
        return tap.restored(parts[0], parts.count > 1 ? parts[1] : nil).unsqueeze(0)
    }

    @Test func float32IsExactAndFloat16RoundsToElevenBits() throws {
        let map = Tensor.randn([1, 2, 5, 7]) * 30
        let tap = CachedTap(name: "logits", channels: 2, stride: 8)
        #expect(try stored(tap, map, half: false).equals(map))
        // Half a unit of the last of 11 bits.
        #expect(largest((try stored(tap, map, half: true) - map) / map) <= 0x1p-11)
        let error = #expect(throws: UserError.self) { try stored(tap, map * 1e5, half: true) }
        #expect(error?.message.contains("logits") == true && error?.hint?.contains("float32") == true)
    }

    @Test(arguments: [19, 300])
    func topKKeepsTheirProbabilitiesAndSpreadsTheRest(_ classes: Int) throws {
        TorchRandom.seed(1)
        let map = Tensor.randn([1, classes, 4, 6]) * 3
        let all = CachedTap(name: "logits", channels: classes, stride: 8, kept: classes)
        #expect(!all.isTopK)
        #expect(try stored(all, map, half: false).equals(map))
        let tap = CachedTap(name: "logits", channels: classes, stride: 8, kept: 5)
        let kept = try stored(tap, map, half: false)
        let (before, after) = (map.softmax(1), kept.softmax(1))
        let top = before.topK(5, 1)
        #expect(largest(after.gather(1, top.indices) - top.values) < 1e-5)
        #expect(largest(kept.gather(1, top.indices) - map.gather(1, top.indices)) == 0)
        // The others are alike, and less than the least of the kept.
        let rest = after.topK(classes - 5, 1, largest: false).values
        #expect(largest(rest.amax([1]) - rest.amin([1])) < 1e-7)
        #expect(largest(rest.sum(1) - (1 - top.values.sum(1))) < 1e-5)
    }
}
