import CTorchABI

/// A LibTorch operator, found by name and called boxed: autograd and autocast apply as in PyTorch.
///
/// Missing trailing arguments take the schema's defaults; ``Argument/byDefault`` does so in the middle.
/// ```swift
/// static let softmax = Operator("aten::softmax.int")
/// let p = softmax(logits, 1)
/// ```
public struct Operator: @unchecked Sendable {
    @usableFromInline let handle: OpaquePointer

    /// - Parameter name: `namespace::name` or `namespace::name.overload`, as in LibTorch's `native_functions.yaml`.
    public init(_ name: String) {
        let parts = name.split(separator: ".", maxSplits: 1)
        let overload = parts.count > 1 ? String(parts[1]) : ""
        guard let found = api.find(String(parts[0]), overload) else { fatalError(String(cString: api.last_error()!)) }
        handle = found
    }

    /// Calls an operator that gives one tensor.
    @inlinable
    public func callAsFunction<each A: OperatorArgument>(_ argument: repeat each A) -> Tensor {
        let stack = api.stack()!
        repeat (each argument).push(to: stack)
        let status = api.call(handle, stack)
        guard status == CT_OK else { return Tensor.failed(status) }
        let result = Tensor(handle: api.take_tensor(stack, 0))
        api.clear(stack)
        return result
    }

    /// Calls an operator that gives several tensors.
    @inlinable
    public func many<each A: OperatorArgument>(_ argument: repeat each A) -> [Tensor] {
        let stack = api.stack()!
        repeat (each argument).push(to: stack)
        let status = api.call(handle, stack)
        guard status == CT_OK else { return .init(repeating: Tensor.failed(status), count: 8) }
        defer { api.clear(stack) }
        return (0..<api.result_count(stack)).map { Tensor(handle: api.take_tensor(stack, $0)) }
    }

    /// Calls an operator that gives a list of tensors.
    @inlinable
    public func list<each A: OperatorArgument>(_ argument: repeat each A) -> [Tensor] {
        let stack = api.stack()!
        repeat (each argument).push(to: stack)
        let status = api.call(handle, stack)
        guard status == CT_OK else { return .init(repeating: Tensor.failed(status), count: 8) }
        defer { api.clear(stack) }
        let count = api.tensor_list_count(stack, 0)
        let handles = [CTTensor?](unsafeUninitializedCapacity: count) { buffer, initialized in
            api.take_tensor_list(stack, 0, buffer.baseAddress)
            initialized = count
        }
        return handles.map { Tensor(handle: $0) }
    }

    /// Calls an operator for its effect.
    @inlinable
    public func run<each A: OperatorArgument>(_ argument: repeat each A) {
        let stack = api.stack()!
        repeat (each argument).push(to: stack)
        torchCheck(api.call(handle, stack))
        api.clear(stack)
    }

    /// Calls an operator that gives a truth value.
    @inlinable
    public func bool<each A: OperatorArgument>(_ argument: repeat each A) -> Bool {
        let stack = api.stack()!
        repeat (each argument).push(to: stack)
        let status = api.call(handle, stack)
        guard status == CT_OK else {
            torchFail(status)
            return false
        }
        defer { api.clear(stack) }
        return api.take_bool(stack, 0)
    }
}

/// What can be given to an ``Operator``.
public protocol OperatorArgument {
    func push(to stack: OpaquePointer)
}

/// Arguments that no Swift value stands for.
public enum Argument: OperatorArgument {
    /// The schema's own default.
    case byDefault
    /// Nothing, where the schema allows it.
    case none
    /// A list of tensors, some of which may be missing.
    case optionalTensors([Tensor?])

    @inlinable
    public func push(to stack: OpaquePointer) {
        switch self {
        case .byDefault: api.push_default(stack)
        case .none: api.push_none(stack)
        case .optionalTensors(let tensors):
            let handles = tensors.map { $0?.handle }
            api.push_optional_tensors(stack, handles, handles.count)
        }
    }
}

extension Tensor: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_tensor(stack, handle) }
}
extension Int: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_int(stack, Int64(self)) }
}
extension Double: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_double(stack, self) }
}
extension Float: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_double(stack, Double(self)) }
}
extension Bool: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_bool(stack, self) }
}
extension DType: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_int(stack, Int64(rawValue)) }
}
extension MemoryFormat: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_int(stack, Int64(rawValue)) }
}
extension Device: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) { api.push_device(stack, kind.rawValue, Int32(index)) }
}
extension String: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) {
        var copy = self
        copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { api.push_string(stack, $0.baseAddress, $0.count) }
        }
    }
}
extension Optional: OperatorArgument where Wrapped: OperatorArgument {
    @inlinable public func push(to stack: OpaquePointer) {
        if let self { self.push(to: stack) } else { api.push_none(stack) }
    }
}

/// An element of a list argument.
public protocol OperatorListElement {
    static func push(_ list: [Self], to stack: OpaquePointer)
}
extension Array: OperatorArgument where Element: OperatorListElement {
    @inlinable public func push(to stack: OpaquePointer) { Element.push(self, to: stack) }
}
extension Int: OperatorListElement {
    @inlinable public static func push(_ list: [Int], to stack: OpaquePointer) {
        list.withUnsafeBytes { api.push_ints(stack, $0.bindMemory(to: Int64.self).baseAddress, list.count) }
    }
}
extension Double: OperatorListElement {
    @inlinable public static func push(_ list: [Double], to stack: OpaquePointer) {
        api.push_doubles(stack, list, list.count)
    }
}
extension Bool: OperatorListElement {
    @inlinable public static func push(_ list: [Bool], to stack: OpaquePointer) {
        api.push_bools(stack, list, list.count)
    }
}
extension Tensor: OperatorListElement {
    @inlinable public static func push(_ list: [Tensor], to stack: OpaquePointer) {
        let handles = list.map(\.handle)
        api.push_tensors(stack, handles, handles.count)
    }
}
