import Recipes
import SegData
import SegModels
import Support
import Torch
import Vision

/// How a cached map differs from the living teacher's of the same changed image.
package struct CacheDifference: Codable, Equatable, Sendable {
    package enum Change: String, Codable, CaseIterable, Sendable {
        case mirrored, cropped
        case half = "×½"
        case larger = "×1½"
    }

    package let change: Change
    /// ‖cached − live‖ / ‖live‖ over all positions and channels.
    package let error: Double
    /// The mean over positions of the cosine between the two vectors of channels.
    package let cosine: Double
}

/// What is measured on a few images before a cache is filled.
struct CacheProbe {
    /// With their phases and differences.
    private(set) var taps: [CachedTap]
    private(set) var sizes: [Size] = []
    /// Of the teacher over a whole image, the fastest.
    private(set) var wholeSeconds = Double.infinity
    /// Of the teacher over a crop.
    private(set) var cropSeconds = Double.infinity
    /// To resample a crop's maps; without waiting for the disk.
    private(set) var sampleSeconds = Double.infinity

    /// - Parameters:
    ///   - taps: whose phases are not known yet.
    ///   - images: how many to look at, spread over the data set.
    /// - Throws: as ``TeacherView/maps(_:of:)``.
    init(_ view: TeacherView, _ taps: [CachedTap], images limit: Int = 2) throws {
        self.taps = taps
        let loader = try view.loader(SpreadDataset(view.dataset, limit: limit))
        var seen: [Pair] = []
        while let batch = try loader.next() {
            let image = batch.images(on: view.network.device)
            sizes.append(batch.size)
            func timed(_ image: Tensor) throws -> (maps: [String: Tensor], seconds: Double) {
                let start = StepTimer.now()
                let maps = try view.maps(taps, of: image)
                view.network.device.synchronize()
                return (maps, StepTimer.now() - start)
            }
            // The first pass over a size also makes plans for it.
            _ = try view.maps(taps, of: image)
            let (whole, seconds) = try timed(image)
            wholeSeconds = min(wholeSeconds, seconds)
            let crop = Augmentation(view.data.augmentation).crop ?? batch.size
            let window = Tensor.zeros([1, crop.height, crop.width, 3], dtype: .uint8, device: view.network.device)
            for _ in 0..<2 { cropSeconds = min(cropSeconds, try timed(window).seconds) }
            for change in CacheDifference.Change.allCases {
                let (changed, origin) = change.of(image, multiple: view.network.model.card.sizeMultiple)
                let size = Size(width: changed.size(2), height: changed.size(1))
                seen.append(
                    Pair(change: change, whole: whole, live: try view.maps(taps, of: changed), view: batch.size, origin: origin, size: size)
                )
            }
            let start = StepTimer.now()
            let origin = AffineMap(xx: 1 / Double(batch.size.width), yy: 1 / Double(batch.size.height))
            for tap in taps { _ = tap.resampled(whole[tap.name]!, view: batch.size, origin: origin, output: crop) }
            view.network.device.synchronize()
            sampleSeconds = min(sampleSeconds, StepTimer.now() - start)
        }
        self.taps = taps.map { tap in Self.measured(tap, seen) }
    }

    /// What an image and its changed copy gave.
    private struct Pair {
        let change: CacheDifference.Change
        let whole: [String: Tensor]
        let live: [String: Tensor]
        let view: Size
        let origin: AffineMap
        let size: Size

        func difference(_ tap: CachedTap) -> (error: Double, cosine: Double) {
            let live = live[tap.name]!
            let cached = tap.resampled(whole[tap.name]!, view: view, origin: origin, output: size)
            let error = ((cached - live).square().sum() / live.square().sum().clamp(min: 1e-30)).sqrt().item()
            let norms = (cached.square().sum(1) * live.square().sum(1)).sqrt().clamp(min: 1e-30)
            return (error, ((cached * live).sum(1) / norms).mean().item())
        }
    }

    /// A tap with the phase under which mirrored maps agree best, and its differences.
    private static func measured(_ tap: CachedTap, _ pairs: [Pair]) -> CachedTap {
        let mirrored = pairs.filter { $0.change == .mirrored }
        let candidates = CachedTap.phases(tap.stride).map { phase in
            var tap = tap
            tap.phase = phase
            return (tap: tap, error: mirrored.reduce(0) { $0 + $1.difference(tap).error })
        }
        var best = candidates.min { $0.error < $1.error }!.tap
        best.differences = CacheDifference.Change.allCases.map { change in
            let measured = pairs.filter { $0.change == change }.map { $0.difference(best) }
            let count = Double(measured.count)
            return CacheDifference(
                change: change, error: measured.reduce(0) { $0 + $1.error } / count,
                cosine: measured.reduce(0) { $0 + $1.cosine } / count)
        }
        return best
    }
}

extension CacheDifference.Change {
    /// The changed image (1×H×W×3 bytes) and where its pixels come from, in shares of the whole.
    /// - Parameter multiple: of which sizes are to be.
    fileprivate func of(_ image: Tensor, multiple: Int) -> (Tensor, AffineMap) {
        let (height, width) = (image.size(1), image.size(2))
        let (x, y) = (1 / Double(width), 1 / Double(height))
        func side(_ pixels: Double) -> Int { max(multiple, Int(pixels / Double(multiple)) * multiple) }
        func scaled(_ factor: Double) -> (Tensor, AffineMap) {
            let size = [side(Double(height) * factor), side(Double(width) * factor)]
            let resized = F.bilinearAntialiased(image.permute(0, 3, 1, 2).float, size)
            return (
                resized.round().clamp(min: 0, max: 255).to(.uint8).permute(0, 2, 3, 1),
                AffineMap(xx: 1 / Double(size[1]), yy: 1 / Double(size[0]))
            )
        }
        switch self {
        case .mirrored: return (image.flip([2]), AffineMap(xx: -x, x0: 1, yy: y))
        case .cropped:
            let (rows, columns) = (min(height, side(Double(height) / 2)), min(width, side(Double(width) / 2)))
            let (top, left) = ((height - rows) / 3, (width - columns) / 3)
            return (
                image[.all, top..<top + rows, left..<left + columns],
                AffineMap(xx: x, x0: Double(left) * x, yy: y, y0: Double(top) * y)
            )
        case .half: return scaled(0.5)
        case .larger: return scaled(1.5)
        }
    }
}
