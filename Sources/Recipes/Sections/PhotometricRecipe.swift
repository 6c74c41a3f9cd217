/// What changes an image's colours and no pixel's place (but for RandAugment's geometry).
public struct PhotometricRecipe: RecipeSection {
    public enum Distortion: String, RecipeChoice { case mmseg }

    public var colorJitter = ColorJitterRecipe()
    public var distortion: Distortion?
    public var grey = 0.0
    public var randAugment: RandAugmentRecipe?
    public var blur: BlurRecipe?
    public var erasing: ErasingRecipe?

    public init() {}

    /// What the second view goes through unless the recipe says otherwise, for methods that compare two. SSKD's code.
    static var strongView: PhotometricRecipe {
        var view = PhotometricRecipe()
        view.colorJitter.brightness = 0.4
        view.colorJitter.contrast = 0.4
        view.colorJitter.saturation = 0.4
        view.colorJitter.hue = 0.1
        view.grey = 0.2
        view.blur = BlurRecipe()
        view.blur?.probability = 1
        return view
    }

    /// The same beside a teacher of pixels. UniMatch V2's code.
    static var uniMatchView: PhotometricRecipe {
        var view = PhotometricRecipe()
        view.colorJitter.brightness = 0.5
        view.colorJitter.contrast = 0.5
        view.colorJitter.saturation = 0.5
        view.colorJitter.hue = 0.25
        view.colorJitter.probability = 0.8
        view.grey = 0.2
        view.blur = BlurRecipe()
        return view
    }

    static var fields: [Field<PhotometricRecipe>] {
        [
            .section("colorJitter", \.colorJitter, "Random changes of colour; each 0 is off, as in CIRKD v1.")
                .known(as: "colourJitter", "jitter"),
            .value(
                "photometric", \.distortion, or: "none",
                "mmseg: mmsegmentation's PhotoMetricDistortion with its numbers (brightness 32, contrast and saturation [0.5, 1.5], hue 18)."
            ).known(as: "photometricDistortion"),
            .number("grey", \.grey, .from(0, to: 1), "Probability of a grey image; 0.2: SimCLR.").known(as: "gray", "grayscale"),
            .section("randAugment", \.randAugment, "Steps drawn from torchvision's list (Cubuk et al. 2020).").known(as: "randaugment"),
            .section("blur", \.blur, "Gaussian blur of some images.").known(as: "gaussianBlur"),
            .section("erasing", \.erasing, "A rectangle painted over in some images (Zhong et al. 2020).").known(
                as: "randomErasing", "cutout"),
        ]
    }
}

/// Random changes of colour, as torchvision's ColorJitter draws them.
public struct ColorJitterRecipe: RecipeSection {
    public var brightness = 0.0
    public var contrast = 0.0
    public var saturation = 0.0
    public var hue = 0.0
    public var probability = 1.0

    public init() {}

    static var fields: [Field<ColorJitterRecipe>] {
        [
            .number("brightness", \.brightness, .from(0, to: 1), "Factor from 1 - x to 1 + x."),
            .number("contrast", \.contrast, .from(0, to: 1), "Factor from 1 - x to 1 + x."),
            .number("saturation", \.saturation, .from(0, to: 1), "Factor from 1 - x to 1 + x."),
            .number("hue", \.hue, .from(0, to: 0.5), "Shift from -x to x, as a part of the colour circle."),
            .number("probability", \.probability, .from(0, to: 1), "How often an image is changed at all; 0.8: SimCLR."),
        ]
    }
}

/// RandAugment's numbers.
public struct RandAugmentRecipe: RecipeSection {
    public var count = 2
    public var magnitude = 9
    public var geometry = false

    public init() {}

    static var fields: [Field<RandAugmentRecipe>] {
        [
            .number("count", \.count, .from(1, to: 14), "Steps for an image. 2: torchvision.").known(as: "n", "numOps"),
            .number("magnitude", \.magnitude, .from(0, to: 30), "Their strength on torchvision's 31 steps. 9: torchvision.").known(as: "m"),
            .value("geometry", \.geometry, "Whether shears, translations and rotations are in the list; labels and objects follow them."),
        ]
    }
}

/// Gaussian blur of some images.
public struct BlurRecipe: RecipeSection {
    public var probability = 0.5
    public var sigma: ClosedRange<Double> = 0.1...2.0

    public init() {}

    static var fields: [Field<BlurRecipe>] {
        [
            .number("probability", \.probability, .from(0, to: 1), "How often an image is blurred. 0.5: SimCLR."),
            .value("sigma", \.sigma, "The range of the standard deviation in pixels. [0.1, 2.0]: SimCLR."),
        ]
    }

    func check(_ reader: inout RecipeReader) {
        if sigma.upperBound > 50 { reader.report(at: "sigma", "expected at most 50 pixels, found \(sigma.yaml)") }
    }
}

/// Random erasing.
public struct ErasingRecipe: RecipeSection {
    public enum Fill: String, RecipeChoice { case mean, noise }
    public enum Labels: String, RecipeChoice { case keep, ignore }

    public var probability = 0.5
    public var area: ClosedRange<Double> = 0.02...0.33
    public var ratio: ClosedRange<Double> = 0.3...3.3
    public var fill = Fill.mean
    public var labels = Labels.keep

    public init() {}

    static var fields: [Field<ErasingRecipe>] {
        [
            .number("probability", \.probability, .from(0, to: 1), "How often an image has a hole. 0.5: torchvision."),
            .value("area", \.area, "The hole's share of the image. [0.02, 0.33]: torchvision."),
            .value("ratio", \.ratio, "The hole's height by its width. [0.3, 3.3]: torchvision."),
            .value("fill", \.fill, "mean: ImageNet's mean colour, which is zero after normalisation; noise: random pixels."),
            .value("labels", \.labels, "keep: the hole's labels are trained on; ignore: they are not."),
        ]
    }

    func check(_ reader: inout RecipeReader) {
        if area.upperBound > 1 { reader.report(at: "area", "expected shares of at most 1, found \(area.yaml)") }
    }
}
