import Support
import Vision

/// A width and a height in pixels.
public struct Size: Sendable, Hashable, Codable, CustomStringConvertible {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    public var description: String { "\(width)×\(height)" }
}

/// What is done to an image and its labels before a network sees them, in this order: resize, random scale, random crop,
/// flip, colours. Everything random follows from (seed, epoch, index).
public struct Augmentation: Sendable, Equatable {
    /// The size that every image is first brought to; nil keeps each image's own.
    public var resize: Size?
    /// The range from which the scale is drawn, uniformly; nil keeps the size.
    public var scale: ClosedRange<Double>?
    /// The size of the random crop; nil keeps the whole image.
    public var crop: Size?
    /// The probability of exchanging left and right.
    public var flip: Double
    public var jitter: ColorJitter?
    /// What surrounds an image that is smaller than the crop, on its right and below it (left, when flipped).
    /// The default is ImageNet's mean colour, which normalisation turns into zero.
    public var imagePadding: RGB
    public var labelPadding: UInt8

    public init(
        resize: Size? = nil, scale: ClosedRange<Double>? = nil, crop: Size? = nil, flip: Double = 0, jitter: ColorJitter? = nil,
        imagePadding: RGB = RGB(124, 116, 104), labelPadding: UInt8 = ClassList.ignore
    ) {
        self.resize = resize
        self.scale = scale
        self.crop = crop
        self.flip = flip
        self.jitter = jitter
        self.imagePadding = imagePadding
        self.labelPadding = labelPadding
    }

    /// No change: images keep their size, so a batch of more than one needs a data set of one size.
    public static let evaluation = Augmentation()

    /// As ``evaluation``, with every image brought to one size.
    public static func evaluation(resize: Size) -> Augmentation { Augmentation(resize: resize) }

    /// The size of what comes out, when it is the same for every image.
    public var outputSize: Size? { crop ?? (scale == nil ? resize : nil) }

    /// What is to be done with one image.
    public struct Plan: Sendable, Equatable {
        /// The size of the whole image after resize and scale.
        public var scaled: Size
        /// The upper left corner of the window within it.
        public var x: Int
        public var y: Int
        /// The size of the result, padding included.
        public var output: Size
        public var flipped: Bool
        public var colors: [ColorStep]
    }

    /// Draws what is to be done with an image of `size`.
    public func plan(for size: Size, seed: Int, epoch: Int, index: Int) -> Plan {
        var random = SeededRandom(seed, epoch, index)
        let base = resize ?? size
        let factor = scale.map { random.uniform($0) } ?? 1
        let scaled = Size(
            width: max(1, Int((Double(base.width) * factor).rounded())), height: max(1, Int((Double(base.height) * factor).rounded())))
        let output = crop ?? scaled
        let x = random.below(max(0, scaled.width - output.width) + 1)
        let y = random.below(max(0, scaled.height - output.height) + 1)
        let flipped = flip > 0 && random.unit() < flip
        return Plan(scaled: scaled, x: x, y: y, output: output, flipped: flipped, colors: jitter?.steps(&random) ?? [])
    }

    /// The augmented sample; instances are dropped. For pictures and tests: the loader writes into its batches directly.
    public func callAsFunction(_ sample: Sample, seed: Int, epoch: Int, index: Int) -> Sample {
        let size = Size(width: sample.image.width, height: sample.image.height)
        let plan = plan(for: size, seed: seed, epoch: epoch, index: index)
        var image = Image(width: plan.output.width, height: plan.output.height)
        var labels = LabelMap(width: plan.output.width, height: plan.output.height)
        var scratch = AugmentationScratch()
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            labels.values.withUnsafeMutableBufferPointer { values in
                guard let pixels = pixels.baseAddress, let values = values.baseAddress else { return }
                // What is in memory cannot fail to be read.
                try! render(WholeSample(sample), plan, image: pixels, labels: values, &scratch)
            }
        }
        return Sample(name: sample.name, image: image, labels: sample.labels == nil ? nil : labels)
    }
}
