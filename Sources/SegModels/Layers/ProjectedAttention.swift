import Torch
import TorchNN

/// Attention of several heads with a projection each for queries, keys and values, which may be narrower than what comes in.
final class ProjectedAttention: Module {
    let query: Linear
    let key: Linear
    let value: Linear
    let outProj: Linear
    private let heads: Int

    /// - Parameter inner: the projections' width; nil: `width`.
    init(_ width: Int, inner: Int? = nil, heads: Int) {
        self.heads = heads
        (query, key, value) = (Linear(width, inner ?? width), Linear(width, inner ?? width), Linear(width, inner ?? width))
        outProj = Linear(inner ?? width, width)
    }

    /// - Parameter mask: truth values, broadcast to B×heads×Q×N: which keys a query sees; at least one each.
    func callAsFunction(_ queries_BQC: Tensor, keys_BNC: Tensor, values_BNC: Tensor, mask: Tensor? = nil) -> Tensor {
        let (q, k, v) = (query(queries_BQC), key(keys_BNC), value(values_BNC))
        let y = F.attention(q.splitHeads(heads), k.splitHeads(heads), v.splitHeads(heads), mask: mask)
        return outProj(y.joinedHeads)
    }
}

extension Tensor {
    /// B×N×C to B×heads×N×(C/heads).
    func splitHeads(_ heads: Int) -> Tensor { reshape(size(0), size(1), heads, size(2) / heads).transpose(1, 2) }

    /// B×heads×N×D to B×N×(heads·D).
    var joinedHeads: Tensor { transpose(1, 2).flatten(2) }
}
