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
    /// Where the method looks.
    public let taps: [TapSchema]
    /// Whether the loss reads the labels themselves, not only which pixels they leave out.
    public let needsLabels: Bool

    public init(
        _ name: String, doc: String, weight: Double = 1, weightDoc: String = "Factor of the loss.",
        settings: [SettingSchema] = [], taps: [TapSchema] = [], needsLabels: Bool = false
    ) {
        self.name = name
        self.doc = doc
        self.weight = weight
        self.weightDoc = weightDoc
        self.settings = settings
        self.taps = taps
        self.needsLabels = needsLabels
    }

    /// Whether the method looks at a teacher: the maps that it declares are not all of the student alone.
    public var needsTeacher: Bool { taps.isEmpty || taps.contains { $0.teacher != nil } }

    /// Whether the method looks at the strongly augmented view of each image too.
    public var comparesViews: Bool { taps.contains { $0.strongRole != nil } }
}

/// One map, or a list of maps, that a method takes from both networks or from the student alone.
public struct TapSchema: Sendable, Equatable {
    /// What a method takes of a tap.
    public enum Layout: Sendable, Equatable {
        /// B×C×h×w.
        case map
        /// A map whose positions are tokens: files for `segdistill parity` hold them as B×N×C.
        case tokens
        /// B×C: a class token.
        case vector
        /// B×Q×C: what belongs to each of Q queries.
        case queries

        /// Whether the tap has places in the image.
        public var hasPlaces: Bool { self == .map || self == .tokens }
    }

    /// The method's word for it: `features`. The maps of a list are numbered from 1: `stage1`, `stage2`, ….
    public let role: String
    /// The teacher's stage or head; several for a list. Nil: the method looks at the student's alone.
    public let teacher: SettingValue?
    public let student: SettingValue
    public let layout: Layout
    /// The word for the same tap of the student's masked view, where the method asks for one.
    public let maskedRole: String?
    /// The word for the same tap of the student's pass over the strongly augmented view, where the method compares views.
    public let strongRole: String?
    /// Whether the method goes without it where a network has none, or the recipe says ``none``.
    public let isOptional: Bool
    public let doc: String

    /// What a recipe writes for an optional tap that is not to be used.
    public static let none = "none"

    /// One map, or what else `layout` says.
    public init(
        _ role: String, teacher: String, student: String, layout: Layout = .map, masked maskedRole: String? = nil, isOptional: Bool = false,
        doc: String
    ) {
        (self.role, self.teacher, self.student, self.doc) = (role, .text(teacher), .text(student), doc)
        (self.layout, self.maskedRole, self.isOptional) = (layout, maskedRole, isOptional)
        strongRole = nil
    }

    /// What a method takes of the student alone.
    public init(
        student name: String, as role: String, layout: Layout = .map, strong strongRole: String? = nil, isOptional: Bool = false,
        doc: String
    ) {
        (self.role, teacher, student, self.doc) = (role, nil, .text(name), doc)
        (self.layout, maskedRole, self.strongRole, self.isOptional) = (layout, nil, strongRole, isOptional)
    }

    /// A list of maps, as long on both sides.
    public init(list role: String, teacher: [String], student: [String], doc: String) {
        (self.role, self.teacher, self.student, self.doc) = (role, .texts(teacher), .texts(student), doc)
        (layout, maskedRole, strongRole, isOptional) = (.map, nil, nil, false)
    }

    public var isList: Bool { if case .texts = student { true } else { false } }
}

extension MethodSchema {
    /// The recipe's keys below `taps`: `teacher` and `student` for the first declared map, `teacherStages` and `studentStages` for a
    /// further list `stage`.
    public func tapKeys(_ tap: TapSchema) -> (teacher: String, student: String) {
        guard tap != taps.first else { return ("teacher", "student") }
        let name = tap.role.prefix(1).uppercased() + tap.role.dropFirst() + (tap.isList ? "s" : "")
        return ("teacher" + name, "student" + name)
    }

    /// Every key below `taps`, as a setting.
    var tapSettings: [SettingSchema] {
        taps.flatMap { tap in
            let keys = tapKeys(tap)
            let kind: SettingSchema.Kind = tap.isList ? .texts : .text
            let teacher = tap.teacher.map { [SettingSchema(keys.teacher, kind, default: $0, doc: "The teacher's: \(tap.doc)")] } ?? []
            return teacher + [SettingSchema(keys.student, kind, default: tap.student, doc: "The student's: \(tap.doc)")]
        }
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
        /// At least one number, all greater than 0.
        case positives
        case text
        /// At least one text.
        case texts
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
    case numbers([Double])
    case text(String)
    case texts([String])

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
        case .numbers(let value): value.yaml
        case .text(let value): value.yaml
        case .texts(let value): value.yaml
        }
    }
}
