/// What a recipe may name: the models, methods and data sets that the caller has.
///
/// `Recipes` knows none of them itself; the command line passes the tables of `SegModels`, `Distill` and `SegData`.
public struct RecipeCatalog: Sendable {
    /// The names that `teacher.model` and `student.model` accept.
    public let models: [String]
    /// The names that `teacher.model` accepts beside them: networks without a segmentation head, whose maps teach.
    public let backbones: [String]
    /// The methods that `distillation` accepts, with their settings.
    public let methods: [MethodSchema]
    /// The data sets that `data.dataset` accepts.
    public let datasets: [DatasetSchema]

    public init(models: [String], backbones: [String] = [], methods: [MethodSchema], datasets: [DatasetSchema] = []) {
        self.models = models
        self.backbones = backbones
        self.methods = methods
        self.datasets = datasets
    }
}

/// A distillation method as a recipe sees it.
public struct MethodSchema: Sendable, Equatable {
    public let name: String
    public let doc: String
    /// The default of `weight`, and where it comes from.
    public let weight: Double
    public let weightDoc: String
    public let settings: [SettingSchema]
    /// Where the method looks, one setting a tap: the name of a stage or a head.
    public let taps: [SettingSchema]

    public init(
        _ name: String, doc: String, weight: Double = 1, weightDoc: String = "Factor of the loss.",
        settings: [SettingSchema] = [], taps: [SettingSchema] = []
    ) {
        self.name = name
        self.doc = doc
        self.weight = weight
        self.weightDoc = weightDoc
        self.settings = settings
        self.taps = taps
    }
}

/// One setting of a method: its name, what it accepts, its default and what it means.
public struct SettingSchema: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case flag
        /// A whole number from `minimum` on.
        case integer(minimum: Int)
        /// A number within `range`; `exclusive` leaves out its lower end.
        case number(ClosedRange<Double>, exclusive: Bool)
        case text
        /// One of a few words.
        case choice([String])

        /// Any number greater than 0: a temperature, say.
        public static var positive: Kind { .number(0...Double.greatestFiniteMagnitude, exclusive: true) }
        /// Any number of at least 0: a factor, say.
        public static var nonNegative: Kind { .number(0...Double.greatestFiniteMagnitude, exclusive: false) }
    }

    public let name: String
    public let kind: Kind
    public let defaultValue: SettingValue
    /// What the setting means, its unit, and where its default comes from.
    public let doc: String

    public init(_ name: String, _ kind: Kind, default defaultValue: SettingValue, doc: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.doc = doc
    }
}

/// The value of a method's setting.
public enum SettingValue: Sendable, Equatable, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral
{
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)

    public init(booleanLiteral value: Bool) { self = .flag(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .text(value) }

    /// The value as a recipe writes it.
    public var text: String { yaml }

    var yaml: String {
        switch self {
        case .flag(let value): value.yaml
        case .integer(let value): value.yaml
        case .number(let value): value.yaml
        case .text(let value): value.yaml
        }
    }
}
