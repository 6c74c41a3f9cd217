import Torch
import TorchNN

/// A ring of vectors for each class, in the memory of the device; the oldest are written over.
///
/// Nothing here waits for the device: what is not to be written is written back as it was.
final class MemoryQueue: Module {
    /// K×size×C, each vector of length 1; random before anything has been put in.
    @Buffer var vectors: Tensor
    /// K: where the next one goes.
    @Buffer var next: Tensor

    init(classes: Int, size: Int, channels: Int) {
        _vectors = Buffer(wrappedValue: .randn([classes, size, channels]).normalized(2))
        _next = Buffer(wrappedValue: .zeros([classes], dtype: .int64))
    }

    var size: Int { vectors.size(1) }

    /// Puts in the first vectors of each class.
    /// - Parameters:
    ///   - values: K×n×C, n at most ``size``.
    ///   - counts: K, how many of them there are.
    func append(_ values: Tensor, counts: Tensor) {
        let (classes, count) = (values.size(0), values.size(1))
        let ranks = Tensor.arange(0, count, device: values.device).unsqueeze(0)
        let slots = (next.unsqueeze(1) + ranks).remainder(size)
        let rows = (slots + Tensor.arange(0, classes, device: values.device).unsqueeze(1) * size).flatten()
        let all = vectors.flatten(0, 1)
        let isThere = (ranks .< counts.unsqueeze(1)).flatten().unsqueeze(1)
        all[rows] = Tensor.where(isThere, values.flatten(0, 1).to(all.dtype), all.indexSelect(0, rows))
        next.copy_((next + counts).remainder(size))
    }

    /// (K·n)×C: those at `indices` (n) of every class; a copy.
    func select(_ indices: Tensor) -> Tensor { vectors.indexSelect(1, indices).flatten(0, 1) }
}
