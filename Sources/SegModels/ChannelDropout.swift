import Support
import Torch

/// Complementary dropout of an encoder's channels in two views of the same images (UniMatch V2, Yang et al. 2025): what the one view is
/// without, the other has twice.
///
/// Of an image that is dropped from, each channel is drawn to be the first view's or the second's, with equal chances; its values are doubled
/// there and 0 in the other. All maps of one width, such as those of a plain vision transformer, lose the same channels.
public struct ChannelDropout: Sendable {
    /// Of each image of a view.
    private let isDropped: [Bool]
    private let seed: Int

    /// - Parameters:
    ///   - images: of one view; a batch has the first view's, then the second's.
    ///   - share: of the images that are dropped from, rounded up.
    public init(images: Int, share: Double, _ random: inout SeededRandom) {
        let kept = Int(Double(images) * (1 - share))
        let order = (0..<images).shuffled(using: &random)
        isDropped = (0..<images).map { order[$0] >= kept }
        seed = Int(truncatingIfNeeded: random.next() >> 1)
    }

    /// The factors of the channels: (2 · images)×C of 0, 1 and 2; an image's two rows add up to 2.
    public func factors(channels: Int, device: Device = .cpu) -> Tensor {
        var random = SeededRandom(seed, channels)
        let first = isDropped.flatMap { isDropped -> [Float] in
            isDropped ? (0..<channels).map { _ in random.unit() < 0.5 ? 0 : 2 } : [Float](repeating: 1, count: channels)
        }
        return Tensor(first + first.map { 2 - $0 }, shape: [2 * isDropped.count, channels], device: device)
    }

    /// What a head reads of both views, maps (2 · images)×C×h×w or vectors (2 · images)×C, without the dropped channels.
    func callAsFunction(_ maps: [Tensor]) -> [Tensor] {
        maps.map { map in
            let own = factors(channels: map.size(1), device: map.device).to(map.dtype)
            return map * (map.dimensions == 4 ? own.unsqueeze(2).unsqueeze(3) : own)
        }
    }
}
