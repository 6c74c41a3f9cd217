import Foundation
import Support
import Vision

/// What changes an image's colours, and no pixel's place. Steps are done in the order in which they stand here.
public struct Photometric: Sendable, Equatable {
    public var jitter: ColorJitter?
    public var distortion: PhotometricDistortion?
    /// The probability of a grey image.
    public var grey: Double
    public var randAugment: RandAugment?
    public var blur: GaussianBlur?
    public var erasing: RandomErasing?

    public init(
        jitter: ColorJitter? = nil, distortion: PhotometricDistortion? = nil, grey: Double = 0, randAugment: RandAugment? = nil,
        blur: GaussianBlur? = nil, erasing: RandomErasing? = nil
    ) {
        self.jitter = jitter
        self.distortion = distortion
        self.grey = grey
        self.randAugment = randAugment
        self.blur = blur
        self.erasing = erasing
    }

    /// What is to be done with an image of `size`, and how RandAugment moves its pixels, if it does.
    func draw(_ size: Size, jitter jitterRandom: inout SeededRandom, _ random: inout SeededRandom) -> (
        view: Augmentation.View, warp: AffineMap?
    ) {
        var colors = jitter?.steps(&jitterRandom) ?? []
        // Each takes a fixed place in the sequence, whichever of the others are there.
        var keys = (0..<5).map { _ in SeededRandom(Int(truncatingIfNeeded: random.next())) }
        colors += distortion?.steps(&keys[0]) ?? []
        if grey > 0, keys[1].unit() < grey { colors.append(.saturation(0)) }
        let moved = randAugment?.draw(width: size.width, height: size.height, &keys[2])
        colors += moved?.colors ?? []
        if let sigma = blur?.sigma(&keys[3]) { colors.append(.blur(sigma: sigma)) }
        return (Augmentation.View(colors: colors, erased: erasing?.draw(size, &keys[4])), moved?.map)
    }
}

extension Augmentation {
    /// How an image looks: what is done to its colours after its pixels are in place.
    public struct View: Sendable, Equatable {
        public var colors: [ColorStep]
        public var erased: RandomErasing.Erased?

        public init(colors: [ColorStep] = [], erased: RandomErasing.Erased? = nil) {
            self.colors = colors
            self.erased = erased
        }
    }
}

/// Gaussian blur of some images.
public struct GaussianBlur: Sendable, Equatable {
    /// How often an image is blurred.
    public var probability: Double
    /// The range from which the standard deviation is drawn, uniformly, in pixels.
    public var sigma: ClosedRange<Double>

    public init(probability: Double, sigma: ClosedRange<Double>) {
        self.probability = probability
        self.sigma = sigma
    }

    func sigma(_ random: inout SeededRandom) -> Double? { random.unit() < probability ? random.uniform(sigma) : nil }
}

/// Random erasing (Zhong et al. 2020), drawn as torchvision draws it: a rectangle of the image is painted over.
public struct RandomErasing: Sendable, Equatable {
    public enum Fill: String, Sendable, CaseIterable {
        /// The colour that pads small images: zero after normalisation.
        case mean
        /// A random value for each pixel and channel.
        case noise
    }

    public var probability: Double
    /// The rectangle's share of the image.
    public var area: ClosedRange<Double>
    /// Height by width; its logarithm is drawn uniformly.
    public var ratio: ClosedRange<Double>
    public var fill: Fill
    /// Whether the erased pixels are not scored: their labels become 255. Otherwise the network has to guess them.
    public var ignoresLabels: Bool

    public init(
        probability: Double, area: ClosedRange<Double> = 0.02...0.33, ratio: ClosedRange<Double> = 0.3...3.3, fill: Fill = .mean,
        ignoresLabels: Bool = false
    ) {
        self.probability = probability
        self.area = area
        self.ratio = ratio
        self.fill = fill
        self.ignoresLabels = ignoresLabels
    }

    /// What is painted over.
    public struct Erased: Sendable, Equatable {
        public var region: PixelRegion
        /// The seed of the noise; nil for the mean colour.
        public var noise: Int?
        public var ignoresLabels: Bool
    }

    /// Nil when nothing is to be erased, or no rectangle fitted in ten draws.
    func draw(_ size: Size, _ random: inout SeededRandom) -> Erased? {
        guard random.unit() < probability else { return nil }
        for _ in 0..<10 {
            let pixels = Double(size.width * size.height) * random.uniform(area)
            let slope = exp(random.uniform(log(ratio.lowerBound)...log(ratio.upperBound)))
            let height = Int((pixels * slope).squareRoot().rounded())
            let width = Int((pixels / slope).squareRoot().rounded())
            guard height < size.height, width < size.width, height > 0, width > 0 else { continue }
            let y = random.below(size.height - height + 1)
            let x = random.below(size.width - width + 1)
            return Erased(
                region: PixelRegion(columns: x..<x + width, rows: y..<y + height),
                noise: fill == .noise ? Int(truncatingIfNeeded: random.next()) : nil, ignoresLabels: ignoresLabels)
        }
        return nil
    }
}
