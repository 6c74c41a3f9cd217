import Support
import TorchNN

extension HuggingFaceConfig {
    /// An activation by the name that transformers has for it.
    /// - Throws: `UserError` when this package does not have it.
    func activation(_ key: String, _ fallback: Activation.Kind) throws -> Activation.Kind {
        let name = try string(key, fallback.huggingFace)
        guard let kind = Activation.Kind(huggingFace: name) else {
            throw UserError(
                "\(source): \(key) is '\(name)', which this package does not have",
                hint: "It has: \(Activation.Kind.namesInHuggingFace.keys.sorted().joined(separator: ", ")).")
        }
        return kind
    }
}

extension Activation.Kind {
    /// transformers' names; where several mean the same, all of them.
    fileprivate static let namesInHuggingFace: [String: Activation.Kind] = [
        "gelu": .gelu, "gelu_python": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh, "gelu_fast": .geluTanh,
        "gelu_accurate": .geluTanh, "gelu_python_tanh": .geluTanh, "quick_gelu": .quickGelu, "relu": .relu, "relu6": .relu6, "silu": .silu,
        "swish": .silu, "sigmoid": .sigmoid, "tanh": .tanh, "linear": .identity,
    ]

    init?(huggingFace name: String) {
        guard let kind = Self.namesInHuggingFace[name] else { return nil }
        self = kind
    }

    /// The name that transformers has for it.
    var huggingFace: String {
        switch self {
        case .identity: "linear"
        case .geluTanh: "gelu_pytorch_tanh"
        case .quickGelu: "quick_gelu"
        default: rawValue
        }
    }
}
