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

/// What is done to an image and its labels before a network sees them, in this order: resize, random scale, random crop, flips and turns,
/// moved pixels, mix with a second sample, colours, erasing. Everything random follows from (seed, epoch, index), and each of these has
/// random numbers of its own: one more of them changes none of the others' draws.
public struct Augmentation: Sendable, Equatable {
    /// How every image is first resized; nil keeps each image's own size.
    public var resize: Resizing?
    /// The range from which the scale is drawn, uniformly; nil keeps the size.
    public var scale: ClosedRange<Double>?
    /// The scales one of which is drawn, in place of ``scale``; empty for none.
    public var scales: [Double]
    /// The size of the random crop; nil keeps the whole image.
    public var crop: Size?
    /// The largest share of a crop's labelled pixels that one class may have: up to ten more windows are drawn until one keeps to it and
    /// holds two classes, as in mmsegmentation's `cat_max_ratio`. 1 takes the first.
    public var categoryLimit: Double
    /// The probability of exchanging left and right.
    public var flip: Double
    /// The probability of exchanging top and bottom: for pictures without an upright, such as aerial ones and cells.
    public var flipVertical: Double
    /// Turns by 0, 90, 180 or 270 degrees, each as often.
    public var quarterTurns: Bool
    public var mixing: Mixing?
    public var photometric: Photometric
    /// What a second view of each image goes through in place of ``photometric``; nil for no second view. Both views show the same pixels
    /// of the same crop.
    public var strong: Photometric?
    /// How many such views there are, each with draws of its own.
    public var strongViews: Int
    /// What surrounds an image that is smaller than the crop, on its right and below it (left, when flipped).
    /// The default is ImageNet's mean colour, which normalisation turns into zero.
    public var imagePadding: RGB
    public var labelPadding: UInt8

    public init(
        resize: Resizing? = nil, scale: ClosedRange<Double>? = nil, scales: [Double] = [], crop: Size? = nil, categoryLimit: Double = 1,
        flip: Double = 0, flipVertical: Double = 0, quarterTurns: Bool = false, mixing: Mixing? = nil,
        photometric: Photometric = Photometric(), strong: Photometric? = nil, strongViews: Int = 1,
        imagePadding: RGB = RGB(124, 116, 104), labelPadding: UInt8 = ClassList.ignore
    ) {
        self.resize = resize
        self.scale = scale
        self.scales = scales
        self.crop = crop
        self.categoryLimit = categoryLimit
        self.flip = flip
        self.flipVertical = flipVertical
        self.quarterTurns = quarterTurns
        self.mixing = mixing
        self.photometric = photometric
        self.strong = strong
        self.strongViews = strongViews
        self.imagePadding = imagePadding
        self.labelPadding = labelPadding
    }

    /// No change: images keep their size, so a batch of more than one needs a data set of one size.
    public static let evaluation = Augmentation()

    /// As ``evaluation``, with every image brought to one size.
    public static func evaluation(resize: Size) -> Augmentation { Augmentation(resize: .exact(resize)) }

    /// The size of what comes out, when it is the same for every image.
    public var outputSize: Size? {
        if let crop { return crop }
        guard case .exact(let size)? = resize, scale == nil, scales.isEmpty else { return nil }
        return quarterTurns && size.width != size.height ? nil : size
    }

    /// - Throws: `UserError` for what cannot be done to a batch of such samples.
    func check(_ dataset: any Dataset) throws {
        if outputSize == nil, strong != nil || mixing != nil {
            throw UserError(
                "\(mixing?.kind.rawValue ?? "a second view") needs images of one size, and there is no crop",
                hint: "Set the size of the crop.")
        }
        if mixing?.kind == .copyPaste, dataset.instanceClasses == nil {
            throw UserError("copyPaste needs objects, and the data set has none", hint: "Use classMix or cutMix, or another data set.")
        }
        if mixing != nil, dataset.count < 2 {
            throw UserError("mixing needs two samples, and the data set has \(dataset.count)", hint: "Leave the mix out.")
        }
    }
}

extension Augmentation {
    /// How every image is first resized, before the random scale.
    public enum Resizing: Sendable, Equatable {
        /// To this size, whatever that does to the sides' ratio.
        case exact(Size)
        /// To the largest size of the same ratio inside this one: with a scale of 0.1 to 2 and a crop of this size, the large-scale jitter
        /// of Ghiasi et al. 2021.
        case inside(Size)
        /// So that the short side is at most `short` and the long one at most `long`, in the same ratio: mmsegmentation's `scale`.
        case edges(short: Int, long: Int)
        /// So that the short side is one of these, drawn, and the long one at most `limit`, in the same ratio: mmsegmentation's
        /// `ResizeShortestEdge`.
        case shortSide([Int], limit: Int?)

        /// The size of an image of `size`.
        func callAsFunction(_ size: Size, _ random: inout SeededRandom) -> Size {
            let (width, height) = (Double(size.width), Double(size.height))
            let (short, long) = (min(width, height), max(width, height))
            switch self {
            case .exact(let size): return size
            case .inside(let box): return size.scaled(by: min(Double(box.width) / width, Double(box.height) / height))
            case .edges(let shortLimit, let longLimit): return size.scaled(by: min(Double(shortLimit) / short, Double(longLimit) / long))
            case .shortSide(let sides, let limit):
                let factor = Double(sides[random.below(sides.count)]) / short
                return size.scaled(by: min(factor, limit.map { Double($0) / long } ?? factor))
            }
        }
    }
}

extension Size {
    /// At least one pixel.
    func scaled(by factor: Double) -> Size {
        Size(width: max(1, Int((Double(width) * factor).rounded())), height: max(1, Int((Double(height) * factor).rounded())))
    }

    /// Width and height exchanged.
    var transposed: Size { Size(width: height, height: width) }
}
