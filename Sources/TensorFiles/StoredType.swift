/// The type of a stored tensor's elements, little-endian. The raw value is its name in safetensors files.
///
/// Complex, quantised, 8-bit floating and unsigned 16 to 64-bit tensors are refused, by name, when a file is opened.
public enum StoredType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case int16 = "I16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case float32 = "F32"
    case float64 = "F64"
    case int64 = "I64"

    /// Bytes of one element.
    public var byteSize: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .float64, .int64: 8
        }
    }

    /// The type of PyTorch's typed storage class, such as `FloatStorage`.
    init?(storageClass name: String) {
        switch name {
        case "BoolStorage": self = .bool
        case "ByteStorage": self = .uint8
        case "CharStorage": self = .int8
        case "ShortStorage": self = .int16
        case "HalfStorage": self = .float16
        case "BFloat16Storage": self = .bfloat16
        case "IntStorage": self = .int32
        case "FloatStorage": self = .float32
        case "DoubleStorage": self = .float64
        case "LongStorage": self = .int64
        default: return nil
        }
    }

    /// The type that `torch.<name>` stands for, such as `float32`.
    init?(torchName name: String) {
        guard let type = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = type
    }
}
