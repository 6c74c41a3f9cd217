import Torch

/// Normalisation over batch and positions, a channel at a time: `torch.nn.BatchNorm2d`.
public final class BatchNorm2d: Module, Layer {
    public let weight: Tensor
    public let bias: Tensor
    @Buffer public var runningMean: Tensor
    @Buffer public var runningVar: Tensor
    @Buffer public var numBatchesTracked: Tensor
    public let eps: Double
    public let momentum: Double
    /// Whether training changes the running statistics.
    fileprivate var isTracking = true

    public init(_ channels: Int, eps: Double = 1e-5, momentum: Double = 0.1) {
        weight = Tensor.ones([channels])
        bias = Tensor.zeros([channels])
        _runningMean = Buffer(wrappedValue: .zeros([channels]))
        _runningVar = Buffer(wrappedValue: .ones([channels]))
        _numBatchesTracked = Buffer(wrappedValue: .zeros([], dtype: .int64))
        self.eps = eps
        self.momentum = momentum
        super.init()
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let isTracked = isTraining && isTracking
        if isTracked { numBatchesTracked.add_(Tensor.one) }
        let isRead = isTracked || !isTraining
        return F.batchNorm(
            x, weight: weight, bias: bias, runningMean: isRead ? runningMean : nil, runningVar: isRead ? runningVar : nil,
            training: isTraining, momentum: momentum, eps: eps)
    }
}

extension Module {
    /// Runs `body` with batch normalisation that, in training too, leaves its running statistics as they are.
    public func withoutTracking<Result>(_ body: () throws -> Result) rethrows -> Result {
        let norms = namedModules().compactMap { $1 as? BatchNorm2d }
        for norm in norms { norm.isTracking = false }
        defer { for norm in norms { norm.isTracking = true } }
        return try body()
    }
}

/// Normalisation over the last dimension: `torch.nn.LayerNorm`.
public final class LayerNorm: Module, Layer {
    public let weight: Tensor
    public let bias: Tensor
    public let eps: Double

    public init(_ features: Int, eps: Double = 1e-5) {
        weight = Tensor.ones([features])
        bias = Tensor.zeros([features])
        self.eps = eps
        super.init()
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.layerNorm(x, [weight.size(0)], weight: weight, bias: bias, eps: eps)
    }
}

/// Normalisation over groups of channels and positions: `torch.nn.GroupNorm`.
public final class GroupNorm: Module, Layer {
    public let weight: Tensor
    public let bias: Tensor
    public let groups: Int
    public let eps: Double

    public init(_ groups: Int, _ channels: Int, eps: Double = 1e-5) {
        weight = Tensor.ones([channels])
        bias = Tensor.zeros([channels])
        self.groups = groups
        self.eps = eps
        super.init()
        markTrainable()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { F.groupNorm(x, groups, weight: weight, bias: bias, eps: eps) }
}
