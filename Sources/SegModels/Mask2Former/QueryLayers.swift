import Torch
import TorchNN

/// A branch added to its input, and a norm after the sum or before the branch.
class ResidualLayer: Module {
    let norm: LayerNorm
    private let dropout: Dropout
    private let normalizesFirst: Bool

    init(_ options: QueryDecoder.Options) {
        norm = LayerNorm(options.width)
        dropout = Dropout(options.dropout)
        normalizesFirst = options.normalizesFirst
    }

    final func add(_ x: Tensor, _ branch: (Tensor) -> Tensor) -> Tensor {
        normalizesFirst ? x + dropout(branch(norm(x))) : norm(x + dropout(branch(x)))
    }
}

/// Queries read a map, each inside of its own mask.
final class CrossAttentionLayer: ResidualLayer {
    let multiheadAttn: QueryAttention

    override init(_ options: QueryDecoder.Options) {
        multiheadAttn = QueryAttention(options.width, heads: options.heads, dropout: options.dropout)
        super.init(options)
    }

    func callAsFunction(_ x_BQC: Tensor, _ places_QC: Tensor, _ keys_BNC: Tensor, _ values_BNC: Tensor, _ mask: Tensor) -> Tensor {
        add(x_BQC) { multiheadAttn($0 + places_QC, keys_BNC: keys_BNC, values_BNC: values_BNC, mask: mask) }
    }
}

/// Queries look at each other.
final class SelfAttentionLayer: ResidualLayer {
    let selfAttn: QueryAttention

    override init(_ options: QueryDecoder.Options) {
        selfAttn = QueryAttention(options.width, heads: options.heads, dropout: options.dropout)
        super.init(options)
    }

    func callAsFunction(_ x_BQC: Tensor, _ places_QC: Tensor) -> Tensor { add(x_BQC) { selfAttn($0, positions: places_QC) } }
}

/// An MLP for each query.
final class FeedForwardLayer: ResidualLayer {
    let linear1: Linear
    let linear2: Linear
    private let activation: Activation
    private let inner: Dropout

    override init(_ options: QueryDecoder.Options) {
        linear1 = Linear(options.width, options.hidden)
        linear2 = Linear(options.hidden, options.width)
        activation = Activation(options.activation)
        inner = Dropout(options.dropout)
        super.init(options)
        for linear in [linear1, linear2] { Initializer.xavierUniform(linear.weight) }
    }

    func callAsFunction(_ x_BQC: Tensor) -> Tensor { add(x_BQC) { linear2(inner(activation(linear1($0)))) } }
}
