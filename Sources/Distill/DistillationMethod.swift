import Recipes
import Support
import Torch
import TorchNN

/// A way for the student to learn, from the teacher or from what it sees itself: declared taps, a loss, and the memory that it takes.
///
/// A method is a module: what it trains beside the student (projectors) are its parameters. It is one file in `Methods/`,
/// one line in ``Methods/all``, one page in `docs/methods/`, one fixture.
public protocol DistillationMethod: Module {
    /// The name, settings and taps that a recipe may give, with the paper's own values as defaults.
    static var schema: MethodSchema { get }

    /// - Throws: `UserError` when the teacher and the student do not fit the method.
    init(_ setup: MethodSetup) throws

    /// Bytes that the loss and its gradient need beside the taps themselves, for a batch of these shapes.
    func peakMemory(_ shapes: MethodShapes) -> Int

    /// The loss and its parts. Everything is computed in float32; the teacher's tensors carry no gradient.
    func loss(_ inputs: MethodInputs) -> MethodLoss

    /// What the loss draws at random.
    static var draws: [RandomDraw] { get }

    /// What is trained against the student, by ``MethodLoss/opponent``.
    var opponent: Opponent? { get }

    /// How the student sees each batch a second time, where the schema's taps name a masked role.
    var maskedView: MaskedView? { get }

    /// - Throws: `UserError` when a batch of so many images leaves nothing to learn from.
    func check(batch: Int) throws

    /// Patterns of parameters that some settings do without, which `segdistill parity loss` may be given all the same.
    static var spareParameters: [String] { get }
}

extension DistillationMethod {
    public static var draws: [RandomDraw] { [] }
    public var opponent: Opponent? { nil }
    public var maskedView: MaskedView? { nil }
    public func check(batch: Int) throws {}
    public static var spareParameters: [String] { [] }
}

/// A part of a method that is trained in the same step by a loss and an optimiser of its own: a discriminator.
public struct Opponent {
    public let module: Module
    /// Adam's.
    public let learningRate: Double
    public let beta1: Double
    public let beta2: Double

    public init(_ module: Module, learningRate: Double, beta1: Double, beta2: Double) {
        (self.module, self.learningRate, self.beta1, self.beta2) = (module, learningRate, beta1, beta2)
    }
}

/// A tensor that a loss draws at random from LibTorch's generator; ``MethodInputs/draws`` may give it instead.
public struct RandomDraw: Sendable {
    public let name: String
    /// In words: `B×1×h×w`.
    public let shape: String
    public let doc: String

    public init(_ name: String, shape: String, doc: String) { (self.name, self.shape, self.doc) = (name, shape, doc) }
}

/// What a method is made from: its settings, and what is known of the taps before anything has run.
public struct MethodSetup {
    public let settings: [String: SettingValue]
    /// Channels of each role's map.
    public let teacherChannels: [String: Int]
    public let studentChannels: [String: Int]
    public let classes: Int
    /// Whether the caller gives a projector's weights, or does not; nil: the method decides.
    public var hasProjector: Bool?

    public init(settings: [String: SettingValue], teacherChannels: [String: Int], studentChannels: [String: Int], classes: Int) {
        self.settings = settings
        self.teacherChannels = teacherChannels
        self.studentChannels = studentChannels
        self.classes = classes
    }

    /// A setting that the schema declares as a number.
    public func number(_ name: String) -> Double {
        switch settings[name] {
        case .number(let value)?: value
        case .integer(let value)?: Double(value)
        default: preconditionFailure("the method declares no number '\(name)'")
        }
    }

    /// A setting that the schema declares as a list of numbers.
    public func numbers(_ name: String) -> [Double] {
        guard case .numbers(let values)? = settings[name] else { preconditionFailure("the method declares no list of numbers '\(name)'") }
        return values
    }

    /// A setting that the schema declares as a whole number.
    public func integer(_ name: String) -> Int {
        guard case .integer(let value)? = settings[name] else { preconditionFailure("the method declares no whole number '\(name)'") }
        return value
    }

    /// A setting that the schema declares as true or false.
    public func flag(_ name: String) -> Bool {
        guard case .flag(let value)? = settings[name] else { preconditionFailure("the method declares no flag '\(name)'") }
        return value
    }

    /// A setting that the schema declares as a word.
    public func text(_ name: String) -> String {
        guard case .text(let value)? = settings[name] else { preconditionFailure("the method declares no text '\(name)'") }
        return value
    }
}

/// The tensors of one step, by role (`features`, `logits`, …): maps B×C×h×w, and vectors B×C where the schema says so.
public struct MethodInputs {
    public let teacher: [String: Tensor]
    public let student: [String: Tensor]
    /// B×H×W class indices, 255 = ignore: where that stands, no loss looks. Nil: every position counts.
    public let labels: Tensor?
    /// By name, what the method would draw at random.
    public let draws: [String: Tensor]
    /// The share of the training that is over.
    public let progress: Double
    /// What the student's convolutions and matrix products compute in, and so the method's own layers; nil: float32.
    public let autocast: DType?

    public init(
        teacher: [String: Tensor], student: [String: Tensor], labels: Tensor? = nil, draws: [String: Tensor] = [:], progress: Double = 1,
        autocast: DType? = nil
    ) {
        self.teacher = teacher
        self.student = student
        self.labels = labels
        self.autocast = autocast
        self.draws = draws
        self.progress = progress
    }
}

/// Shapes of one step's taps, by role.
public struct MethodShapes {
    public let teacher: [String: [Int]]
    public let student: [String: [Int]]

    public init(teacher: [String: [Int]], student: [String: [Int]]) {
        self.teacher = teacher
        self.student = student
    }
}

/// A loss (a scalar, before the recipe's weight) and the terms that it consists of, where there are several.
public struct MethodLoss {
    public let total: Tensor
    public let terms: [(name: String, value: Tensor)]
    /// What the method's ``DistillationMethod/opponent`` is trained with; the student's tensors in it carry no gradient.
    public let opponent: Tensor?

    public init(_ total: Tensor, terms: [(name: String, value: Tensor)] = [], opponent: Tensor? = nil) {
        self.total = total
        self.terms = terms
        self.opponent = opponent
    }
}

/// The table of methods.
public enum Methods {
    public static let all: [any DistillationMethod.Type] = [
        KnowledgeDistillation.self,
        ChannelWiseDistillation.self,
        AttentionTransfer.self,
        HeteroAKD.self,
        DIST.self,
        OneForAllDistillation.self,
        BoundaryPrivilegedDistillation.self,
        IntraClassVariationDistillation.self,
        PairwiseDistillation.self,
        CrossImageDistillation.self,
        BoundaryRelationDistillation.self,
        AdversarialDistillation.self,
        DenseContrast.self,
        CrossImageMemory.self,
        DoubleSimilarity.self,
        FitNet.self,
        MaskedGenerativeDistillation.self,
        VisionTransformerDistillation.self,
        GeneralizableDistillation.self,
        InstanceContrast.self,
    ]

    public static var schemas: [MethodSchema] { all.map { $0.schema } }

    /// - Throws: `UserError` with the nearest name when there is no such method.
    public static func named(_ name: String) throws -> any DistillationMethod.Type {
        if let found = all.first(where: { $0.schema.name == name }) { return found }
        let names = all.map { $0.schema.name }
        let nearest = nearestName(to: name, in: names).map { "Did you mean '\($0)'? " } ?? ""
        throw UserError(
            "there is no distillation method '\(name)'", hint: "\(nearest)Methods: \(names.joined(separator: ", ")).", exitCode: .usage)
    }
}
