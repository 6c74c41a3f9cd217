import Torch
import TorchNN

/// Attention and MLP, each behind a normalisation and beside a shortcut.
final class VisionTransformerBlock: Module {
    let norm1: LayerNorm
    let attn: TokenAttention
    let ls1: LayerScale?
    let norm2: LayerNorm
    let mlp: any Layer
    let ls2: LayerScale?
    private let dropPath: DropPath

    init(_ shape: VisionTransformer.Configuration, dropPath rate: Double) {
        norm1 = LayerNorm(shape.width, eps: shape.eps)
        attn = TokenAttention(shape)
        ls1 = shape.layerScale.map { LayerScale(shape.width, initial: $0) }
        norm2 = LayerNorm(shape.width, eps: shape.eps)
        switch shape.mlp {
        case .plain: mlp = Mlp(shape.width, hidden: shape.hidden, activation: shape.activation, bias: shape.hasMLPBias)
        case .gated(let isNormed):
            mlp = GatedMLP(
                shape.width, hidden: shape.hidden, activation: shape.activation, bias: shape.hasMLPBias, normEps: isNormed ? shape.eps : nil
            )
        }
        ls2 = shape.layerScale.map { LayerScale(shape.width, initial: $0) }
        dropPath = DropPath(rate)
    }

    /// B×N×C.
    func callAsFunction(_ x: Tensor, angles: RotaryAngles?) -> Tensor {
        let y = joined(x, attn(norm1(x), angles: angles), ls1)
        return joined(y, mlp(norm2(y)), ls2)
    }

    /// The shortcut and the branch, scaled. The branch is nobody else's, so it is added to in place.
    private func joined(_ x: Tensor, _ branch: Tensor, _ scale: LayerScale?) -> Tensor {
        let branch = dropPath(branch)
        guard let scale else { return branch.addResidual(x) }
        guard branch.dtype == x.dtype else { return x + scale(branch) }
        return Self.addcmul(x, branch, scale.gamma.to(x.dtype))
    }

    private static let addcmul = Operator("aten::addcmul")
}

/// Attention of all tokens to one another; query, key and value are one product.
final class TokenAttention: Module {
    let qkv: Linear
    let proj: Linear
    private let heads: Int

    init(_ shape: VisionTransformer.Configuration) {
        qkv = Linear(shape.width, 3 * shape.width, bias: shape.hasAttentionBias)
        proj = Linear(shape.width, shape.width, bias: shape.hasProjectionBias)
        heads = shape.heads
    }

    func callAsFunction(_ x_BNC: Tensor, angles: RotaryAngles?) -> Tensor {
        let (batch, tokens, width) = (x_BNC.size(0), x_BNC.size(1), x_BNC.size(2))
        let parts = qkv(x_BNC).view(batch, tokens, 3, heads, width / heads).permute(2, 0, 3, 1, 4)
        let value = parts[2]
        var (query, key) = (parts[0], parts[1])
        if let angles {
            let turned = angles.turn(parts.slice(0, 0, 2)).to(value.dtype)
            (query, key) = (turned[0], turned[1])
        }
        return proj(F.attention(query, key, value).transpose(1, 2).reshape(batch, tokens, width))
    }
}

/// An MLP whose hidden channels are multiplied by a second set, activated (Shazeer 2020): `w12` holds the gate's and the values'
/// weights, `w3` leads back, as in DINOv2's files.
final class GatedMLP: Module, Layer {
    let w12: Linear
    let norm: LayerNorm?
    let w3: Linear
    private let activation: Activation

    init(_ width: Int, hidden: Int, activation: Activation.Kind, bias: Bool, normEps: Double?) {
        w12 = Linear(width, 2 * hidden, bias: bias)
        norm = normEps.map { LayerNorm(hidden, eps: $0) }
        w3 = Linear(hidden, width, bias: bias)
        self.activation = Activation(activation)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let parts = w12(x).chunk(2, -1)
        let gated = activation(parts[0]) * parts[1]
        return w3(norm.map { $0(gated) } ?? gated)
    }
}
