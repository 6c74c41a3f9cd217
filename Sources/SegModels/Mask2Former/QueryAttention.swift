import Torch
import TorchNN

/// Attention of several heads with projections of queries, keys and values in one matrix: `torch.nn.MultiheadAttention`'s names.
final class QueryAttention: Module {
    private let inProjWeight: Tensor
    private let inProjBias: Tensor
    let outProj: Linear
    private let heads: Int
    private let dropout: Double

    init(_ width: Int, heads: Int, dropout: Double) {
        (self.heads, self.dropout) = (heads, dropout)
        inProjWeight = Tensor.empty([3 * width, width])
        inProjBias = Tensor.zeros([3 * width])
        outProj = Linear(width, width)
        super.init()
        Initializer.xavierUniform(inProjWeight)
        Initializer.xavierUniform(outProj.weight)
        Initializer.constant(outProj.bias!, 0)
        markTrainable()
    }

    /// Among the queries themselves: their positions are added for queries and keys, and not for values.
    func callAsFunction(_ x_BQC: Tensor, positions: Tensor) -> Tensor {
        let width = x_BQC.size(2)
        let pair = project(x_BQC + positions, 0..<2 * width).split(width, 2)
        return attend(pair[0], pair[1], project(x_BQC, 2 * width..<3 * width), mask: nil)
    }

    /// - Parameters:
    ///   - keys_BNC: with positions.
    ///   - mask: B×1×Q×N truth values: which keys a query sees; at least one each.
    func callAsFunction(_ queries_BQC: Tensor, keys_BNC: Tensor, values_BNC: Tensor, mask: Tensor) -> Tensor {
        let width = queries_BQC.size(2)
        return attend(
            project(queries_BQC, 0..<width), project(keys_BNC, width..<2 * width), project(values_BNC, 2 * width..<3 * width), mask: mask)
    }

    private func project(_ x: Tensor, _ rows: Range<Int>) -> Tensor { F.linear(x, inProjWeight[rows], bias: inProjBias[rows]) }

    private func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?) -> Tensor {
        func split(_ x: Tensor) -> Tensor { x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2) }
        let y = F.attention(split(q), split(k), split(v), mask: mask, dropout: isTraining ? dropout : 0)
        return outProj(y.transpose(1, 2).reshape(q.size(0), q.size(1), q.size(2)))
    }
}
