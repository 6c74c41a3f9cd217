/// The Python names that a checkpoint may use, and the whole list of them: each stands for a plain
/// value or for one of the few constructions below. Nothing is looked up and nothing is run.
enum PickleGlobal {
    case orderedDict, set, bytes, bytearray, encode
    case rebuildTensor, rebuildTensorV2, rebuildTensorV3, rebuildParameter, rebuildParameterWithState, rebuildFromType
    case tensorClass, size, device
    case storage(StoredType)
    /// A storage class or dtype that PyTorch has and ``StoredType`` lacks.
    case unsupportedType(String)
    case untypedStorage
    case dtype(StoredType)

    /// - Throws: ``TensorFileProblem/refusedName(_:)`` for every other name.
    init(module: String, name: String) throws {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("builtins", "set"), ("__builtin__", "set"), ("builtins", "frozenset"), ("__builtin__", "frozenset"): self = .set
        case ("builtins", "bytes"), ("__builtin__", "bytes"): self = .bytes
        case ("builtins", "bytearray"), ("__builtin__", "bytearray"): self = .bytearray
        case ("_codecs", "encode"): self = .encode
        case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
        case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorV3
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch._utils", "_rebuild_parameter_with_state"): self = .rebuildParameterWithState
        case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
        case ("torch", "Tensor"), ("torch.nn.parameter", "Parameter"): self = .tensorClass
        case ("torch", "Size"): self = .size
        case ("torch", "device"): self = .device
        case ("torch", "UntypedStorage"), ("torch.storage", "UntypedStorage"), ("torch.storage", "_UntypedStorage"): self = .untypedStorage
        case ("torch", _):
            if let type = StoredType(storageClass: name) {
                self = .storage(type)
            } else if let type = StoredType(torchName: name) {
                self = .dtype(type)
            } else if Self.knownButUnsupported.contains(name) {
                self = .unsupportedType("torch.\(name)")
            } else {
                fallthrough
            }
        default: throw TensorFileProblem.refusedName("\(module).\(name)")
        }
    }

    private static let knownButUnsupported: Set<String> = [
        "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage", "QUInt8Storage", "QInt32Storage",
        "complex32", "complex64", "complex128", "uint16", "uint32", "uint64",
        "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
    ]
}
