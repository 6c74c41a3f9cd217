/// What a PyTorch checkpoint holds, as plain values: no Python object is ever made.
public indirect enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer beyond 64 bits: its bytes, little-endian, two's complement.
    case bigInteger([UInt8])
    case real(Double)
    /// A string; also a `torch.device` (`cuda:0`) and a `torch.dtype` (`torch.float32`).
    case string(String)
    case bytes([UInt8])
    case list([PickleValue])
    /// A tuple or `torch.Size`.
    case tuple([PickleValue])
    case set([PickleValue])
    case dictionary(PickleDictionary)
    /// A tensor, parameter or bare storage. Its name is the path of keys that leads to it (up to 512 bytes).
    case tensor(TensorEntry)

    /// The value under `key`, if this is a dictionary that has it.
    public subscript(key: String) -> PickleValue? {
        if case .dictionary(let dictionary) = self { dictionary[key] } else { nil }
    }

    /// What kind of value this is, for messages: `a list of 3`.
    public var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .integer, .bigInteger: "an integer"
        case .real: "a number"
        case .string: "a string"
        case .bytes: "bytes"
        case .list(let items): "a list of \(items.count)"
        case .tuple(let items): "a tuple of \(items.count)"
        case .set(let items): "a set of \(items.count)"
        case .dictionary(let dictionary): "a dictionary of \(dictionary.count)"
        case .tensor: "a tensor"
        }
    }
}

/// A Python `dict` or `OrderedDict`, in its order.
public struct PickleDictionary: Sendable {
    public let pairs: [(key: PickleValue, value: PickleValue)]
    /// The attributes of an `OrderedDict`; a state dict carries its modules' versions under `_metadata`.
    public let attributes: PickleValue?
    private let indices: [String: Int]

    /// - Throws: ``TensorFileProblem/duplicateName(_:)`` when a string occurs twice among the keys.
    init(pairs: [(key: PickleValue, value: PickleValue)], attributes: PickleValue?) throws {
        self.pairs = pairs
        self.attributes = attributes
        var indices: [String: Int] = [:]
        for (index, pair) in pairs.enumerated() {
            guard case .string(let key) = pair.key else { continue }
            guard indices.updateValue(index, forKey: key) == nil else { throw TensorFileProblem.duplicateName(key) }
        }
        self.indices = indices
    }

    public var count: Int { pairs.count }

    /// The value under the string `key`.
    public subscript(key: String) -> PickleValue? { indices[key].map { pairs[$0].value } }
}
