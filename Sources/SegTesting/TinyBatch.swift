import Support
import Torch

/// A batch small enough for a test, the same for the same seed: each image has two regions, whose colours depend on their
/// classes, under noise, so that a network can learn it.
public struct TinyBatch {
    /// B×3×H×W, float32, about zero.
    public let images: Tensor
    /// B×H×W, int64, with some pixels ``ignored``.
    public let labels: Tensor
    public static let ignored = 255

    /// - Parameter ignoring: the part of the pixels that get the label ``ignored``.
    public init(seed: Int = 0, count: Int = 2, classes: Int = 4, height: Int = 24, width: Int = 32, ignoring: Double = 0.05) {
        var pixels = [Float](repeating: 0, count: count * 3 * height * width)
        var labels = [Int](repeating: 0, count: count * height * width)
        for image in 0..<count {
            var random = SeededRandom(seed, image)
            let first = random.below(classes)
            let second = (first + 1 + random.below(max(classes - 1, 1))) % classes
            let edge = width / 4 + random.below(max(width / 2, 1))
            for y in 0..<height {
                for x in 0..<width {
                    let label = x < edge ? first : second
                    for channel in 0..<3 {
                        let color = Double((label + 1) * (channel + 2) % 7) / 3 - 1
                        pixels[((image * 3 + channel) * height + y) * width + x] = Float(color + 0.2 * random.normal())
                    }
                    labels[(image * height + y) * width + x] = random.unit() < ignoring ? Self.ignored : label
                }
            }
        }
        images = Tensor(pixels, shape: [count, 3, height, width])
        self.labels = Tensor(labels, shape: [count, height, width])
    }
}
