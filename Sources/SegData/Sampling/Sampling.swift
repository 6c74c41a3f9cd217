/// Which samples make up an epoch, and in which order.
public enum Sampling: Sendable {
    /// Every sample once, in the data set's order.
    case sequential
    /// Every sample once, in a new random order every epoch.
    case shuffle
    /// Rare class sampling (Hoyer, Dai, Van Gool, CVPR 2022, "DAFormer", section 3.3): as many draws as there are samples, each of a
    /// class with probability ∝ exp((1 − f) / temperature), f being its share of the labelled pixels, and then of an image that has at
    /// least `pixels` of it (that has any of it, where no image has so many). The paper's temperature is 0.01, its code's pixels 3000.
    case classBalanced(ClassStatistics, temperature: Double = 0.01, pixels: Int = 3000)
    /// Repeat-factor sampling (Gupta, Dollár, Girshick, CVPR 2019, "LVIS", section 3): an image comes max(1, √(threshold / f)) times,
    /// f being the share of images that have its rarest class. What is over whole times comes by chance, so that an epoch always has
    /// the same length.
    case repeatFactor(ClassStatistics, threshold: Double)
}
