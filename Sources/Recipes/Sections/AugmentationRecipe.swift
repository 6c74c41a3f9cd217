/// Random changes to the training images, applied in this order: resize, scale, crop, flip, colours.
public struct AugmentationRecipe: RecipeSection {
    public var resize: PixelSize?
    public var scale: ClosedRange<Double> = 0.5...2.0
    public var crop: PixelSize? = PixelSize(height: 512, width: 512)
    public var flip = 0.5
    public var colorJitter = ColorJitterRecipe()

    public init() {}

    static var fields: [Field<AugmentationRecipe>] {
        [
            .value("resize", \.resize, or: "none", "[height, width] that every image is first brought to."),
            .value("scale", \.scale, "Random resize by a factor from this range. [0.5, 2.0]: CIRKD v1.").known(as: "scales"),
            .value(
                "crop", \.crop, or: "none",
                "[height, width] cut out at random, padded with ignored pixels; none: the whole image. "
                    + "By default 360x360 for CamVid and 512x512 for a folder (CIRKD v1), 224x224 for IDD-lite, "
                    + "the whole scene for street-scenes."
            ).known(as: "cropSize"),
            .number("flip", \.flip, .from(0, to: 1), "Probability of a horizontal flip. 0.5: CIRKD v1."),
            .section("colorJitter", \.colorJitter, "Random changes of colour; each 0 is off, as in CIRKD v1.")
                .known(as: "colourJitter", "jitter"),
        ]
    }

    func check(_ reader: inout RecipeReader) {
        if crop == nil && scale != 1.0...1.0 {
            reader.report(
                at: "crop",
                "'none' needs 'scale: [1.0, 1.0]': images scaled by \(scale.yaml) differ in size and cannot share a batch")
        }
    }
}

/// Random changes of colour, as torchvision's ColorJitter draws them.
public struct ColorJitterRecipe: RecipeSection {
    public var brightness = 0.0
    public var contrast = 0.0
    public var saturation = 0.0
    public var hue = 0.0

    public init() {}

    static var fields: [Field<ColorJitterRecipe>] {
        [
            .number("brightness", \.brightness, .from(0, to: 1), "Factor from 1 - x to 1 + x."),
            .number("contrast", \.contrast, .from(0, to: 1), "Factor from 1 - x to 1 + x."),
            .number("saturation", \.saturation, .from(0, to: 1), "Factor from 1 - x to 1 + x."),
            .number("hue", \.hue, .from(0, to: 0.5), "Shift from -x to x, as a part of the colour circle."),
        ]
    }
}
