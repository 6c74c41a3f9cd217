import Torch

/// A part of a network: parameters, buffers and further modules, found by reflection.
///
/// A stored property of type `Tensor` or `Tensor?` is a parameter, one under ``Buffer`` a buffer; `Module`, `Module?`,
/// `[Module]` and `[String: Module]` are children. Names are PyTorch's: `runningMean` is `running_mean` in a checkpoint,
/// an array's members are numbered, and ``keys`` renames what does not follow that rule.
open class Module {
    /// Whether dropout drops and batch normalisation uses its batch; set by ``train(_:)``.
    public private(set) final var isTraining = true
    /// Whether the module stays in eval mode, whatever ``train(_:)`` says; set by ``freeze()``.
    public private(set) final var isFrozen = false

    public init() {}

    final func setTraining(_ mode: Bool) { isTraining = mode && !isFrozen }

    final func setFrozen() { (isFrozen, isTraining) = (true, false) }

    /// The checkpoint's name for a property, where it is not the property's own name in snake case.
    /// An empty name puts the child's members in this module's place.
    open class var keys: [String: String] { [:] }

    /// The direct members in order of declaration, a superclass's first.
    open var members: [(key: String, member: Member)] {
        var mirrors: [Mirror] = []
        var mirror: Mirror? = Mirror(reflecting: self)
        while let current = mirror, current.subjectType != Module.self {
            mirrors.append(current)
            mirror = current.superclassMirror
        }
        let names = Self.keys
        return mirrors.reversed().flatMap { $0.children }.flatMap { child -> [(key: String, member: Member)] in
            guard let label = child.label else { return [] }
            let property = label.hasPrefix("_") ? String(label.dropFirst()) : label
            return Self.read(child.value, names[property] ?? snakeCase(property))
        }
    }

    /// What a module is made of.
    public enum Member {
        case parameter(Tensor)
        case buffer(Tensor)
        case module(Module)
    }

    private static func read(_ value: Any, _ key: String) -> [(key: String, member: Member)] {
        switch value {
        case let tensor as Tensor: [(key, .parameter(tensor))]
        case let buffer as Buffer: [(key, .buffer(buffer.wrappedValue))]
        case let module as Module: [(key, .module(module))]
        case let modules as [Module]: modules.enumerated().map { (joined(key, "\($0.offset)"), .module($0.element)) }
        case let modules as [String: Module]:
            modules.sorted { $0.key < $1.key }.map { (joined(key, $0.key), .module($0.value)) }
        case let optional as any OptionalValue: optional.unwrapped.map { read($0, key) } ?? []
        default: []
        }
    }
}

/// A tensor that belongs to a module's state but is not trained.
@propertyWrapper
public final class Buffer {
    public var wrappedValue: Tensor

    public init(wrappedValue: Tensor) { self.wrappedValue = wrappedValue }
}

/// A module from one tensor to one.
public protocol Layer: Module {
    func callAsFunction(_ x: Tensor) -> Tensor
}

private protocol OptionalValue {
    var unwrapped: Any? { get }
}

extension Optional: OptionalValue {
    fileprivate var unwrapped: Any? { self }
}

func joined(_ path: String, _ key: String) -> String {
    if path.isEmpty { return key }
    return key.isEmpty ? path : "\(path).\(key)"
}

private func snakeCase(_ name: String) -> String {
    var result = ""
    for character in name {
        if character.isUppercase { result += "_" }
        result += character.lowercased()
    }
    return result
}
