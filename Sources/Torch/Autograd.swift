import CTorchABI

extension Tensor {
    /// Whether gradients are recorded for this tensor.
    public var requiresGrad: Bool {
        get { handle.map { api.requires_grad($0) } ?? false }
        set { if let handle { torchCheck(api.set_requires_grad(handle, newValue)) } }
    }

    /// What `backward` added up; nil before the first, and after `grad = nil`.
    public var grad: Tensor? {
        get {
            guard let handle, let found = api.grad(handle) else { return nil }
            return Tensor(handle: found)
        }
        set { if let handle { torchCheck(api.set_grad(handle, newValue?.handle)) } }
    }

    /// Adds to every leaf's `grad` the gradient of this tensor, which has one element unless `gradient` is given.
    public func backward(_ gradient: Tensor? = nil, retainGraph: Bool = false, createGraph: Bool = false) {
        guard isDefined else {
            return torchFail(TorchError(message: "backward: the tensor is undefined", isOutOfMemory: false))
        }
        var root = handle
        var rootGradient = gradient?.handle
        let hasGradient = gradient != nil
        torchCheck(
            withUnsafePointer(to: &rootGradient) {
                api.backward(&root, hasGradient ? $0 : nil, 1, retainGraph, createGraph)
            })
    }
}

/// The gradients of the sum of `outputs` with respect to `inputs`, without touching anybody's `grad`.
///
/// - Parameter allowUnused: gives an undefined tensor (``Tensor/isDefined``) for an input that the outputs do not depend on, which is an
///   error else.
public func gradients(
    of outputs: [Tensor], with outputGradients: [Tensor]? = nil, for inputs: [Tensor], retainGraph: Bool = false,
    createGraph: Bool = false, allowUnused: Bool = false
) -> [Tensor] {
    let roots = outputs.map(\.handle)
    let rootGradients = outputGradients.map { $0.map(\.handle) } ?? .init(repeating: nil, count: outputs.count)
    let leaves = inputs.map(\.handle)
    var results = [CTTensor?](repeating: nil, count: inputs.count)
    torchCheck(
        api.gradients(
            roots, rootGradients, roots.count, leaves, leaves.count, retainGraph || createGraph, createGraph, allowUnused, &results))
    return results.map { Tensor(handle: $0) }
}

/// Whether this thread records gradients.
public var isRecordingGradients: Bool { api.grad_enabled() }

/// Runs `body` without recording gradients.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withGradients(false, body)
}

/// Runs `body` with recording on or off, on this thread.
public func withGradients<Result>(_ enabled: Bool, _ body: () throws -> Result) rethrows -> Result {
    let before = api.grad_enabled()
    api.set_grad_enabled(enabled)
    defer { api.set_grad_enabled(before) }
    return try body()
}

/// Runs `body` in autocast: operators that gain from it compute in `dtype`, as PyTorch's lists say. nil: in full.
public func withAutocast<Result>(_ dtype: DType?, on device: Device, _ body: () throws -> Result) rethrows -> Result {
    let kind = device.kind.rawValue
    let before = api.autocast_dtype(kind)
    api.set_autocast(kind, dtype?.rawValue ?? -1)
    defer {
        if before < 0 { api.clear_autocast_cache() }
        api.set_autocast(kind, before)
    }
    return try body()
}
