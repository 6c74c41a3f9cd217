import Torch
import TorchNN

/// How the tensors of a published file become a model's: data, beside the model.
public struct KeyMap: Sendable {
    /// Who wrote the file: maps of a head and of a backbone are put together when both are of one origin.
    public enum Origin: String, Sendable {
        case own, torchvision, timm, transformers, mmseg, official
    }

    /// In patterns, `*` stands for any characters (as few as fit); each `*` of a new name for what the one at its place stood for.
    public enum Rule: Sendable {
        case rename(String, to: String)
        /// Several tensors end to end along their first dimension, such as query, key and value. Where `orZeros` is set, one that the
        /// file lacks counts as zeros if another is there (a key without bias).
        case join([String], to: String, orZeros: Bool = false)
        /// A tensor cut along its first dimension into `parts` of these relative sizes.
        case split(String, to: [String], parts: [Int])
        /// A tensor laid out in another way: what makes it the model's, and what makes it the file's again.
        case convert(String, to: String, load: @Sendable (Tensor) -> Tensor, save: @Sendable (Tensor) -> Tensor)
        /// What this package has no use for.
        case drop(String)
        /// A tensor that stands for one under a second name of files too, where the file leaves that one out. The other rules see both.
        case copy(String, to: String)
    }

    /// What such a file holds, for messages: "torchvision's ResNet".
    public let file: String
    public let origin: Origin
    /// A file is of this kind when it holds a name that fits one of these patterns, one that fits one of `alongside` if there are
    /// any, and none of `butNot`.
    public let recognizedBy: [String]
    public let alongside: [String]
    public let butNot: [String]
    /// The first rule that fits a name is used; a name that none fits is the model's too.
    public let rules: [Rule]
    /// Put before every name of the model that the rules give, and every one that they leave alone.
    public let prefix: String
    /// Tensors under the model's names that it has no use for, such as the classifier of an ImageNet network.
    public let dropping: [String]
    /// Whether the file holds the backbone alone, so that the whole head is new.
    public let isBackbone: Bool
    /// For a head: what stands before the backbone's names in files of its kind.
    public let backbonePrefix: String

    public init(
        _ file: String, _ origin: Origin = .own, recognizedBy: [String], alongside: [String] = [], butNot: [String] = [],
        rules: [Rule] = [],
        prefix: String = "", dropping: [String] = [], isBackbone: Bool = false, backbonePrefix: String = "backbone."
    ) {
        self.file = file
        self.origin = origin
        self.recognizedBy = recognizedBy
        self.alongside = alongside
        self.butNot = butNot
        self.rules = rules
        self.prefix = prefix
        self.dropping = dropping
        self.isBackbone = isBackbone
        self.backbonePrefix = backbonePrefix
    }

    func fits(_ names: some Collection<String>) -> Bool {
        func holds(_ patterns: [String]) -> Bool { names.contains { name in patterns.contains { matches(name, $0) } } }
        return holds(recognizedBy) && (alongside.isEmpty || holds(alongside)) && !holds(butNot)
    }

    /// Names that wrappers put before all others: `DataParallel`, Lightning, checkpoints with an optimiser beside the weights.
    static let wrappers = ["state_dict.", "model_state_dict.", "model_state.", "model.", "module.", "net.", "network."]

    /// What stands before every name in a file, if it is a wrapper's.
    static func wrapper(_ names: some Collection<String>) -> String {
        var prefix = ""
        while let next = wrappers.first(where: { wrapper in names.allSatisfy { $0.hasPrefix(prefix + wrapper) } }) { prefix += next }
        return prefix
    }
}
