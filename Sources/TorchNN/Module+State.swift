import Torch

extension Module {
    /// All parameters of the tree with their paths, in order of declaration.
    public func namedParameters() -> [(String, Tensor)] {
        namedMembers().compactMap { path, member in
            if case .parameter(let tensor) = member { (path, tensor) } else { nil }
        }
    }

    public func parameters() -> [Tensor] { namedParameters().map(\.1) }

    /// All buffers of the tree with their paths.
    public func namedBuffers() -> [(String, Tensor)] {
        namedMembers().compactMap { path, member in
            if case .buffer(let tensor) = member { (path, tensor) } else { nil }
        }
    }

    /// Parameters and buffers: what a checkpoint holds. The tensors are the module's own, not copies.
    public func stateDict() -> [(String, Tensor)] {
        namedMembers().compactMap { path, member in
            switch member {
            case .parameter(let tensor), .buffer(let tensor): (path, tensor)
            case .module: nil
            }
        }
    }

    /// This module (path "") and all below it, with their paths.
    public func namedModules() -> [(String, Module)] {
        [("", self)]
            + namedMembers().compactMap { path, member in
                if case .module(let module) = member { (path, module) } else { nil }
            }
    }

    /// The number of trained values; what ``freeze()`` froze counts too.
    public var parameterCount: Int { parameters().reduce(0) { $0 + $1.count } }

    private func namedMembers(_ path: String = "") -> [(String, Member)] {
        members.flatMap { key, member -> [(String, Member)] in
            let place = joined(path, key)
            guard case .module(let module) = member else { return [(place, member)] }
            return [(place, member)] + module.namedMembers(place)
        }
    }

    // MARK: Changing the whole tree

    /// Switches the tree, but what is frozen, to training; `train(false)` is ``eval()``.
    @discardableResult
    public func train(_ mode: Bool = true) -> Self {
        for (_, module) in namedModules() { module.setTraining(mode) }
        return self
    }

    @discardableResult
    public func eval() -> Self { train(false) }

    /// Stops recording gradients for all parameters, and puts the tree in eval mode for good: no statistics of its normalisation layers
    /// move. A pass through what is frozen keeps no graph where nothing before it has a gradient.
    @discardableResult
    public func freeze() -> Self {
        for (_, module) in namedModules() { module.setFrozen() }
        for parameter in parameters() { parameter.requiresGrad = false }
        return self
    }

    /// Moves and converts parameters and floating-point buffers; every tensor keeps its identity, so that optimisers hold on.
    /// `format` lays out four-dimensional parameters.
    @discardableResult
    public func to(_ device: Device? = nil, dtype: DType? = nil, format: MemoryFormat? = nil) -> Self {
        withoutGradients {
            for (_, tensor) in stateDict() {
                let target = tensor.dtype.isFloatingPoint ? dtype : nil
                tensor.setData(tensor.to(target, device, format: tensor.dimensions == 4 ? format : nil))
            }
        }
        return self
    }
}
