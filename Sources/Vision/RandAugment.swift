import Support

/// RandAugment (Cubuk et al. 2020): some steps drawn from a list, all of one magnitude, with torchvision's list and its 31 magnitudes.
public struct RandAugment: Sendable, Equatable {
    public enum Operation: String, Sendable, CaseIterable {
        case identity = "Identity"
        case shearX = "ShearX"
        case shearY = "ShearY"
        case translateX = "TranslateX"
        case translateY = "TranslateY"
        case rotate = "Rotate"
        case brightness = "Brightness"
        case color = "Color"
        case contrast = "Contrast"
        case sharpness = "Sharpness"
        case posterize = "Posterize"
        case solarize = "Solarize"
        case autocontrast = "AutoContrast"
        case equalize = "Equalize"

        /// Whether pixels change their place, so that labels have to follow.
        public var movesPixels: Bool {
            switch self {
            case .shearX, .shearY, .translateX, .translateY, .rotate: true
            default: false
            }
        }

        /// Whether the amount's sign is drawn too.
        public var isSigned: Bool {
            switch self {
            case .brightness, .color, .contrast, .sharpness: true
            default: movesPixels
            }
        }

        /// What a magnitude, 0...30, means: a slope, pixels, degrees, a change of a factor, bits or a threshold.
        public func amount(_ magnitude: Int, width: Int, height: Int) -> Double {
            let share = Double(magnitude) / 30
            switch self {
            case .shearX, .shearY: return 0.3 * share
            case .translateX: return 150 / 331 * Double(width) * share
            case .translateY: return 150 / 331 * Double(height) * share
            case .rotate: return 30 * share
            case .brightness, .color, .contrast, .sharpness: return 0.9 * share
            case .posterize: return 8 - (4 * share).rounded()
            case .solarize: return 1 - share
            case .identity, .autocontrast, .equalize: return 0
            }
        }

        /// The step, when it moves pixels.
        public func map(_ amount: Double, width: Int, height: Int) -> AffineMap? {
            switch self {
            case .shearX: .shearX(amount)
            case .shearY: .shearY(amount)
            case .translateX: .translation(x: amount.rounded(.towardZero))
            case .translateY: .translation(y: amount.rounded(.towardZero))
            case .rotate: .rotation(degrees: amount, width: width, height: height)
            default: nil
            }
        }

        /// The step, when it changes colours.
        public func colors(_ amount: Double) -> ColorStep? {
            switch self {
            case .brightness: .brightness(1 + amount)
            case .color: .saturation(1 + amount)
            case .contrast: .contrast(1 + amount)
            case .sharpness: .sharpness(1 + amount)
            case .posterize: .posterize(bits: Int(amount))
            case .solarize: .solarize(threshold: 255 * amount)
            case .autocontrast: .autocontrast
            case .equalize: .equalize
            default: nil
            }
        }
    }

    /// Steps for an image.
    public var count: Int
    /// 0...30.
    public var magnitude: Int
    /// Whether shears, translations and rotations are in the list.
    public var movesPixels: Bool

    public init(count: Int = 2, magnitude: Int = 9, movesPixels: Bool = false) {
        self.count = count
        self.magnitude = magnitude
        self.movesPixels = movesPixels
    }

    /// The steps for an image of a size. What moves pixels is gathered in one map, which is applied before the colours change.
    public func draw(width: Int, height: Int, _ random: inout SeededRandom) -> (map: AffineMap?, colors: [ColorStep]) {
        let operations = Operation.allCases.filter { movesPixels || !$0.movesPixels }
        var map: AffineMap?
        var colors: [ColorStep] = []
        for _ in 0..<count {
            let operation = operations[random.below(operations.count)]
            let sign: Double = operation.isSigned && random.unit() < 0.5 ? -1 : 1
            let amount = sign * operation.amount(magnitude, width: width, height: height)
            if let step = operation.map(amount, width: width, height: height) { map = map?.then(step) ?? step }
            if let step = operation.colors(amount) { colors.append(step) }
        }
        return (map, colors)
    }
}
