import Torch

/// What the reference scripts take gradients against: element j (row-major) is cos(j) in float32.
public func cotangent(like tensor: Tensor) -> Tensor {
    Tensor.arange(0, tensor.count, dtype: .float32).cos().reshape(tensor.shape).to(tensor.dtype, tensor.device)
}

/// Back-propagates the sum over all floating-point outputs of output · cos(index), as the reference scripts do.
public func backwardAgainstCotangent(_ outputs: [Tensor]) {
    let sums = outputs.filter { $0.dtype.isFloatingPoint }.map { ($0 * cotangent(like: $0)).sum() }
    Tensor.stack(sums).sum().backward()
}

/// Compares the gradients of `function` with central differences, in float64.
///
/// - Parameters:
///   - inputs: where; copies are taken, in float64. Keep them small: two calls for each element.
///   - step: the difference is taken over twice this.
///   - function: of any shape and smooth within a step of `inputs`; its output is contracted with cos(index) first.
/// - Throws: ``NotClose``.
public func checkGradients(
    at inputs: [Tensor], step: Double = 1e-6, relative: Double = 1e-7, _ function: ([Tensor]) -> Tensor
) throws {
    let points = inputs.map { $0.detach().to(.float64).clone() }
    func value() -> Tensor {
        let output = function(points)
        return (output * cotangent(like: output)).sum()
    }
    for point in points { point.requiresGrad = true }
    let exact = gradients(of: [value()], for: points)
    for (index, (point, gradient)) in zip(points, exact).enumerated() {
        let flat = withoutGradients { point.detach().view(-1) }
        let slopes = withoutGradients {
            (0..<point.count).map { position -> Double in
                let origin = flat[position].item()
                flat[position].fill_(origin + step)
                let above = value().item()
                flat[position].fill_(origin - step)
                let below = value().item()
                flat[position].fill_(origin)
                return (above - below) / (2 * step)
            }
        }
        try assertClose(gradient, Tensor(slopes, shape: point.shape), relative: relative, "gradient of input \(index)")
    }
}
