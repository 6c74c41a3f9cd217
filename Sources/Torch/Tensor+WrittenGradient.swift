import CTorchABI
import Foundation

extension Tensor {
    /// This tensor, computed from `inputs` without recording, as a function of them whose gradient is written by hand: for what is cheaper
    /// to compute again, part by part, than to remember.
    ///
    /// Until the backward pass the graph keeps `inputs` and nothing else. There is no second derivative: `createGraph` fails. Unless
    /// gradients are recorded and one of the inputs asks for its own, this is the tensor itself.
    ///
    /// - Parameter gradient: called without recording, possibly on a thread of LibTorch's, with the inputs and the gradient of this tensor;
    ///   gives one of each input, in its shape, or nil where there is none.
    public func withGradient(
        of inputs: [Tensor], _ gradient: @escaping @Sendable (_ inputs: [Tensor], _ gradient: Tensor) -> [Tensor?]
    ) -> Tensor {
        guard isDefined, isRecordingGradients, inputs.contains(where: \.requiresGrad) else { return self }
        let context = Unmanaged.passRetained(WrittenGradient(gradient)).toOpaque()
        var result: CTTensor?
        let status = api.with_gradient(
            handle, inputs.map(\.handle), inputs.count,
            { context, inputs, count, gradient, results, message in
                let written = Unmanaged<WrittenGradient>.fromOpaque(context!).takeUnretainedValue()
                return written.call(UnsafeBufferPointer(start: inputs, count: count), gradient, results!, message!)
            }, { Unmanaged<WrittenGradient>.fromOpaque($0!).release() }, context, &result)
        return status == CT_OK ? Tensor(handle: result) : .failed(status)
    }
}

/// What LibTorch's graph holds of a gradient written by hand.
private final class WrittenGradient: Sendable {
    private let gradient: @Sendable ([Tensor], Tensor) -> [Tensor?]

    init(_ gradient: @escaping @Sendable ([Tensor], Tensor) -> [Tensor?]) { self.gradient = gradient }

    /// As `CTGradient` says.
    func call(
        _ inputs: UnsafeBufferPointer<CTTensor?>, _ output: CTTensor?, _ results: UnsafeMutablePointer<CTTensor?>,
        _ message: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> CTStatus {
        do {
            let found = try withTorchErrors { gradient(inputs.map(Tensor.borrowed), .borrowed(output)) }
            precondition(found.count == inputs.count, "\(found.count) gradients of \(inputs.count) inputs")
            for (index, tensor) in found.enumerated() { results[index] = tensor?.retained() }
            return CT_OK
        } catch {
            message.pointee = strdup("\(error)")
            return (error as? TorchError)?.isOutOfMemory == true ? CT_OUT_OF_MEMORY : CT_ERROR
        }
    }
}

extension Tensor {
    fileprivate static func borrowed(_ handle: CTTensor?) -> Tensor { Tensor(handle: handle.flatMap { api.retain($0) }) }
}
