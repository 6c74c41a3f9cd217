/// Random changes to the training images, applied in this order: resize, scale, crop, flips and turns, moved pixels, mix, colours, erasing.
public struct AugmentationRecipe: RecipeSection {
    public enum ResizeMode: String, RecipeChoice { case exact, inside, edges }

    public var resize: PixelSize?
    public var resizeMode = ResizeMode.exact
    public var shortSide: [Int] = []
    public var longSide: Int?
    public var scale: ClosedRange<Double> = 0.5...2.0
    public var scales: [Double] = []
    public var crop: PixelSize? = PixelSize(height: 512, width: 512)
    public var categoryLimit = 1.0
    public var flip = 0.5
    public var flipVertical = 0.0
    public var quarterTurns = false
    public var mix: MixRecipe?
    public var photometric = PhotometricRecipe()
    public var strong: PhotometricRecipe?

    public init() {}

    static var fields: [Field<AugmentationRecipe>] {
        let places: [Field<AugmentationRecipe>] = [
            .value("resize", \.resize, or: "none", "[height, width] that every image is first brought to."),
            .value(
                "resizeMode", \.resizeMode,
                "exact: to that size; inside: to the largest of the image's own ratio inside it (large-scale jitter with scale: "
                    + "[0.1, 2.0]); edges: short side at most the smaller number, long side at most the larger (mmsegmentation)."
            ).only("a 'resize'") { $0.resize != nil },
            .value("shortSide", \.shortSide, "Pixels of the short side, one of which is drawn for each image (mmsegmentation).")
                .only("'resize: none'") { $0.resize == nil }.known(as: "shortSides", "shortestEdge"),
            .number("longSide", \.longSide, or: "none", .atLeast(1), "The most pixels that the long side may then have.")
                .only("a 'shortSide'") { !$0.shortSide.isEmpty && $0.resize == nil },
            .value("scale", \.scale, "Random resize by a factor from this range. [0.5, 2.0]: CIRKD v1.")
                .only("recipes without 'scales'") { $0.scales.isEmpty },
            .value("scales", \.scales, "Random resize by one of these factors, in place of 'scale'."),
            .value(
                "crop", \.crop, or: "none",
                "[height, width] cut out at random, padded with ignored pixels; none: the whole image. "
                    + "By default 360x360 for CamVid and 512x512 for a folder (CIRKD v1), 224x224 for IDD-lite, "
                    + "the whole scene for street-scenes."
            ).known(as: "cropSize"),
            .number(
                "categoryLimit", \.categoryLimit, .from(0.01, to: 1),
                "The largest share of a crop that one class may have; up to ten other crops are tried. 1: any; mmsegmentation: 0.75."
            ).known(as: "catMaxRatio"),
            .number("flip", \.flip, .from(0, to: 1), "Probability of a horizontal flip. 0.5: CIRKD v1."),
            .number("flipVertical", \.flipVertical, .from(0, to: 1), "Probability of a vertical flip: 0.5 for aerial images and cells."),
            .value("quarterTurns", \.quarterTurns, "Turns by 0, 90, 180 or 270 degrees: for aerial images and cells."),
            .section("mix", \.mix, "Pixels of a second image in place of the first's, with their labels and objects."),
        ]
        let strong: Field<AugmentationRecipe> = .section(
            "strong", \.strong, "What a second, aligned view of each image goes through, for methods that compare two views.")
        return places + PhotometricRecipe.fields.map { $0.lifted(to: \.photometric) } + [strong]
    }

    func check(_ reader: inout RecipeReader) {
        if crop == nil && scale != 1.0...1.0 && scales.isEmpty {
            reader.report(
                at: "crop",
                "'none' needs 'scale: [1.0, 1.0]': images scaled by \(scale.yaml) differ in size and cannot share a batch")
        }
        for (key, isGiven) in [("scales", !scales.isEmpty), ("mix", mix != nil), ("strong", strong != nil)] where isGiven && crop == nil {
            reader.report(at: key, "needs images of one size: set 'crop'")
        }
        for (key, numbers) in [("scales", scales), ("shortSide", shortSide.map(Double.init))] where numbers.contains(where: { $0 <= 0 }) {
            reader.report(at: key, "expected numbers greater than 0, found \(numbers.yaml)")
        }
        if strong?.randAugment?.geometry == true {
            reader.report(at: "strong.randAugment.geometry", "would move the second view's pixels: both views show the same places")
        }
    }
}

/// Pixels of a second image in place of the first's.
public struct MixRecipe: RecipeSection {
    public enum Kind: String, RecipeChoice { case cutMix, classMix, copyPaste }

    public var kind = Kind.cutMix
    public var probability = 1.0

    public init() {}

    static var fields: [Field<MixRecipe>] {
        [
            .value(
                "kind", \.kind,
                "cutMix: a rectangle (Yun et al. 2019); classMix: half of the classes (Olsson et al. 2021); copyPaste: each object with a "
                    + "probability of 0.5 (Ghiasi et al. 2021)."
            ).required(),
            .number("probability", \.probability, .from(0, to: 1), "How often an image is mixed."),
        ]
    }
}
