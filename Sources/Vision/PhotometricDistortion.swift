import Support

/// mmsegmentation's `PhotoMetricDistortion`, first SSD's (Liu et al. 2016): brightness, contrast, saturation and hue, each changed in half of
/// the images, contrast before or after the other two.
public struct PhotometricDistortion: Sendable, Equatable {
    /// The largest change of brightness, in grey levels.
    public var brightness: Double
    public var contrast: ClosedRange<Double>
    public var saturation: ClosedRange<Double>
    /// The largest change of hue, in degrees; OpenCV's scale, which mmsegmentation uses, counts half degrees.
    public var hue: Double

    public init(
        brightness: Double = 32, contrast: ClosedRange<Double> = 0.5...1.5, saturation: ClosedRange<Double> = 0.5...1.5, hue: Double = 36
    ) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
    }

    /// The steps for one image.
    public func steps(_ random: inout SeededRandom) -> [ColorStep] {
        var steps: [ColorStep] = []
        func half(_ step: (inout SeededRandom) -> ColorStep) {
            if random.unit() < 0.5 { steps.append(step(&random)) }
        }
        half { .offset($0.uniform(-brightness...brightness)) }
        let contrastIsFirst = random.unit() < 0.5
        // Contrast here is a plain factor: black stays black.
        if contrastIsFirst { half { .brightness($0.uniform(contrast)) } }
        half { .vividness($0.uniform(saturation)) }
        half { .hue($0.uniform(-hue...hue) / 360) }
        if !contrastIsFirst { half { .brightness($0.uniform(contrast)) } }
        return steps
    }
}
