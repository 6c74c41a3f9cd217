import Torch

/// PyTorch's initialisers (`torch.nn.init`); each fills a tensor in place from LibTorch's generator, in PyTorch's order.
public enum Initializer {
    /// Set while a network is built whose every tensor will be loaded: memory is reserved, but neither filled nor touched.
    @TaskLocal static var isSkipped = false

    /// Which side of a weight is counted: what goes in, or what comes out.
    public enum Fan: Sendable {
        case `in`, out
    }

    /// What `nn.Linear` and `nn.Conv2d` do: weight and bias uniform within ±1/√fan_in.
    public static func linearDefault(weight: Tensor, bias: Tensor?) {
        kaimingUniform(weight, a: 5.0.squareRoot())
        guard let bias else { return }
        let bound = 1 / Double(fans(weight).in).squareRoot()
        uniform(bias, -bound, bound)
    }

    /// Uniform within ±gain·√(3/fan), He et al. 2015, for leaky ReLU with slope `a`.
    public static func kaimingUniform(_ tensor: Tensor, a: Double = 0, fan: Fan = .in) {
        let bound = (3.0).squareRoot() * kaimingStd(tensor, a, fan)
        uniform(tensor, -bound, bound)
    }

    /// Normal with standard deviation gain/√fan, He et al. 2015.
    public static func kaimingNormal(_ tensor: Tensor, a: Double = 0, fan: Fan = .in) {
        normal(tensor, std: kaimingStd(tensor, a, fan))
    }

    /// Uniform within ±√(6/(in + out)), Glorot and Bengio 2010.
    public static func xavierUniform(_ tensor: Tensor, gain: Double = 1) {
        let (fanIn, fanOut) = fans(tensor)
        let bound = gain * (6 / Double(fanIn + fanOut)).squareRoot()
        uniform(tensor, -bound, bound)
    }

    /// Normal with standard deviation gain·√(2/(in + out)), Glorot and Bengio 2010.
    public static func xavierNormal(_ tensor: Tensor, gain: Double = 1) {
        let (fanIn, fanOut) = fans(tensor)
        normal(tensor, std: gain * (2 / Double(fanIn + fanOut)).squareRoot())
    }

    /// Normal, cut at `low` and `high` (not at multiples of σ), as `trunc_normal_` of PyTorch and timm.
    public static func truncatedNormal(
        _ tensor: Tensor, mean: Double = 0, std: Double = 0.02, low: Double = -2, high: Double = 2
    ) {
        // PyTorch's way: uniform between the cumulative probabilities of the cuts, then the inverse error function.
        // Written with PyTorch's detour over [0, 1], so that the last bit agrees too.
        func edge(_ cut: Double) -> Double { 2 * ((1 + Torch.erf((cut - mean) / std / 2.0.squareRoot())) / 2) - 1 }
        fill {
            tensor.uniform_(edge(low), edge(high))
            tensor.erfinv_().mul_(std * 2.0.squareRoot()).add_(Tensor(mean, dtype: tensor.dtype, device: tensor.device))
            return tensor.clamp_(min: low, max: high)
        }
    }

    public static func uniform(_ tensor: Tensor, _ low: Double, _ high: Double) {
        fill { tensor.uniform_(low, high) }
    }

    public static func constant(_ tensor: Tensor, _ value: Double) {
        fill { tensor.fill_(value) }
    }

    public static func normal(_ tensor: Tensor, mean: Double = 0, std: Double) {
        fill { tensor.normal_(mean: mean, std: std) }
    }

    private static func fill(_ body: () -> Tensor) {
        if !isSkipped { withoutGradients { _ = body() } }
    }

    private static func kaimingStd(_ tensor: Tensor, _ a: Double, _ fan: Fan) -> Double {
        let gain = (2 / (1 + a * a)).squareRoot()
        let count = fan == .in ? fans(tensor).in : fans(tensor).out
        return gain / Double(count).squareRoot()
    }

    private static func fans(_ tensor: Tensor) -> (in: Int, out: Int) {
        let shape = tensor.shape
        let field = shape.dropFirst(2).reduce(1, *)
        return (shape[1] * field, shape[0] * field)
    }
}

/// Builds networks without drawing a random number or touching a weight's memory: for those whose every tensor is loaded next.
/// What is not loaded then holds arbitrary values.
public func withoutInitialization<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Initializer.$isSkipped.withValue(true, operation: body)
}

extension Module {
    /// Asks for gradients of all parameters: what a layer does at the end of its `init`.
    public final func markTrainable() {
        for (_, parameter) in namedParameters() { parameter.requiresGrad = true }
    }
}
