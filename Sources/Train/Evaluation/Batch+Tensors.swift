import SegData
import Torch

extension Batch {
    /// The images as a tensor of B×H×W×3 bytes: over the batch's own memory on the CPU, copied elsewhere.
    public func images(on device: Device) -> Tensor {
        withImages { over($0, [count, size.height, size.width, 3], device) }
    }

    /// A strong view of the images, as ``images(on:)``; nil when there is none.
    /// - Parameter view: which one, from 0.
    public func strongImages(on device: Device, view: Int = 0) -> Tensor? {
        withStrongImages(view: view) { over($0, [count, size.height, size.width, 3], device) }
    }

    /// The labels as a tensor of B×H×W bytes, as ``images(on:)``.
    public func labels(on device: Device) -> Tensor {
        withLabels { over($0, [count, size.height, size.width], device) }
    }

    private func over(_ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ device: Device) -> Tensor {
        let memory = UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
        return Tensor.over(memory, shape: shape, dtype: .uint8, keeping: self).to(device)
    }
}
