/// Where the tensors live.
public enum DeviceRecipe: Sendable, Equatable {
    /// CUDA or MPS where there is one, otherwise the CPU.
    case auto
    case cpu
    case cuda(Int)
    case mps
}

extension DeviceRecipe: RecipeValue {
    static var expected: String { "auto, cpu, cuda, cuda:N or mps" }
    static var expectedItems: String { "devices" }

    /// As a recipe writes it: `cpu`, `cuda:1`.
    public var yaml: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        case .mps: "mps"
        }
    }

    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> DeviceRecipe? {
        read(node, &reader) { $0.text.flatMap(DeviceRecipe.init) }
    }

    /// The device that `text` names; nil when it names none.
    public init?(_ text: String) {
        switch text {
        case "auto": self = .auto
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        case "mps": self = .mps
        default:
            guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 else { return nil }
            self = .cuda(index)
        }
    }
}
