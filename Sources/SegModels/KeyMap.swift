import TorchNN

/// How the names of a published file become a model's: data, tried in order.
public struct KeyMap: Sendable {
    /// What such a file holds, for messages: "torchvision's ResNet".
    public let file: String
    /// A file is of this kind when it holds a name that fits one of these patterns and none of `butNot`.
    public let recognizedBy: [String]
    public let butNot: [String]
    /// Put before every name.
    public let prefix: String
    /// Beginnings of names and what replaces them; the first that fits is used.
    public let replacing: [(String, String)]
    /// Tensors of the file that this package has no use for, such as the classifier of an ImageNet network.
    public let dropping: [String]
    /// Whether the file holds the backbone alone, so that the whole head is new.
    public let isBackbone: Bool

    public init(
        _ file: String, recognizedBy: [String], butNot: [String] = [], prefix: String = "", replacing: [(String, String)] = [],
        dropping: [String] = [], isBackbone: Bool = false
    ) {
        self.file = file
        self.recognizedBy = recognizedBy
        self.butNot = butNot
        self.prefix = prefix
        self.replacing = replacing
        self.dropping = dropping
        self.isBackbone = isBackbone
    }

    func fits(_ names: some Collection<String>) -> Bool {
        func holds(_ patterns: [String]) -> Bool { names.contains { name in patterns.contains { matches(name, $0) } } }
        return holds(recognizedBy) && !holds(butNot)
    }

    /// The model's name for a name of the file; nil for what is dropped.
    func callAsFunction(_ name: String) -> String? {
        if dropping.contains(where: { matches(name, $0) }) { return nil }
        for (old, new) in replacing where name.hasPrefix(old) { return prefix + new + name.dropFirst(old.count) }
        return prefix + name
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
