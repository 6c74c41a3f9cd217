import Torch

/// The L2 norm of all gradients together, on their device; zero when there is no gradient. Does not wait for the device.
public func gradientNorm(_ parameters: [Tensor]) -> Tensor {
    norm(of: parameters.compactMap(\.grad))
}

/// Scales all gradients by min(1, limit / (norm + 10⁻⁶)): `torch.nn.utils.clip_grad_norm_`. Does not wait for the device.
///
/// - Returns: the norm before, on the gradients' device. Where it is infinite or NaN the gradients are useless
///   and so is the step: whoever logs the norm must stop there.
@discardableResult
public func clipGradientNorm(_ parameters: [Tensor], limit: Double) -> Tensor {
    let gradients = parameters.compactMap(\.grad)
    let total = norm(of: gradients)
    withoutGradients { if !gradients.isEmpty { Foreach.mul_(gradients, (limit / (total + 1e-6)).clamp(max: 1)) } }
    return total
}

private func norm(of gradients: [Tensor]) -> Tensor {
    withoutGradients {
        gradients.isEmpty ? Tensor(0) : Tensor.stack(Foreach.norms(gradients)).norm()
    }
}
