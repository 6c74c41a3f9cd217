import Support

/// Random changes of colour, drawn as torchvision's `ColorJitter` draws them.
public struct ColorJitter: Sendable, Equatable {
    /// Factors are drawn from [max(0, 1 − x), 1 + x].
    public var brightness: Double
    public var contrast: Double
    public var saturation: Double
    /// Turns are drawn from [−x, x], x at most 0.5.
    public var hue: Double
    /// How often an image is changed at all.
    public var probability: Double

    public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0, probability: Double = 1) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
        self.probability = probability
    }

    /// The steps for one image, in random order.
    public func steps(_ random: inout SeededRandom) -> [ColorStep] {
        guard probability >= 1 || random.unit() < probability else { return [] }
        var steps: [ColorStep] = []
        if brightness > 0 { steps.append(.brightness(random.uniform(max(0, 1 - brightness)...1 + brightness))) }
        if contrast > 0 { steps.append(.contrast(random.uniform(max(0, 1 - contrast)...1 + contrast))) }
        if saturation > 0 { steps.append(.saturation(random.uniform(max(0, 1 - saturation)...1 + saturation))) }
        if hue > 0 { steps.append(.hue(random.uniform(-hue...hue))) }
        return random.shuffled(steps)
    }
}
