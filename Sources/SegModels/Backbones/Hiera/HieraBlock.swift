import Torch
import TorchNN

/// How a block of Hiera finds neighbours among its tokens.
enum HieraLayout {
    /// B×units×T×C, tokens of a mask unit together and in such an order that those to be pooled are T/`pool` apart (Ryali et al. 2023).
    /// `window`: how many tokens look at each other, before pooling; nil: all.
    case units(pool: Int, window: Int?)
    /// B×H×W×C, with windows of a side (0: the whole image) and pooling over rectangles, as in SAM 2.
    case grid(pool: [Int]?, window: Int)

    /// The largest of the tokens that become one.
    func pooled(_ x: Tensor) -> Tensor {
        switch self {
        case .units(let pool, _):
            guard pool > 1 else { return x }
            return x.view(x.size(0), x.size(1), pool, -1, x.size(3)).amax([2])
        case .grid(let pool, _):
            guard let pool else { return x }
            return F.maxPool2d(x.permute(0, 3, 1, 2), kernel: pool).permute(0, 2, 3, 1)
        }
    }
}

/// A block of Hiera: attention, whose queries may be pooled, and an MLP, each beside a shortcut. Where the width grows, the shortcut is
/// a projection of the normalised input, pooled like the queries.
final class HieraBlock: Module {
    /// What a block has beside its widths.
    struct Options {
        var heads: Int
        var ratio = 4.0
        var activation = Activation.Kind.gelu
        var eps = 1e-6
        /// Where the scales of the residual branches start; nil: none.
        var layerScale: Double?
        var dropPath = 0.0
        /// Whether a growing shortcut is projected; otherwise it is the largest and the mean of what is pooled, side by side.
        var projects = true
    }

    let norm1: LayerNorm
    let proj: Linear?
    let attn: HieraAttention
    let ls1: LayerScale?
    let norm2: LayerNorm
    let mlp: Mlp
    let ls2: LayerScale?
    private let dropPath: DropPath
    private let layout: HieraLayout
    private let grows: Bool

    init(_ inWidth: Int, _ width: Int, _ layout: HieraLayout, _ options: Options) {
        self.layout = layout
        grows = inWidth != width
        norm1 = LayerNorm(inWidth, eps: options.eps)
        proj = grows && options.projects ? Linear(inWidth, width) : nil
        attn = HieraAttention(inWidth, width, heads: options.heads, layout)
        norm2 = LayerNorm(width, eps: options.eps)
        mlp = Mlp(width, hidden: Int(Double(width) * options.ratio), activation: options.activation)
        ls1 = options.layerScale.map { LayerScale(width, initial: $0) }
        ls2 = options.layerScale.map { LayerScale(width, initial: $0) }
        dropPath = DropPath(options.dropPath)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let normal = norm1(x)
        let shortcut = grows ? grown(x, normal) : x
        let middle = branch(attn(normal), ls1).addResidual(shortcut)
        return branch(mlp(norm2(middle)), ls2).addResidual(middle)
    }

    private func branch(_ x: Tensor, _ scale: LayerScale?) -> Tensor { dropPath(scale.map { $0(x) } ?? x) }

    private func grown(_ x: Tensor, _ normal: Tensor) -> Tensor {
        if let proj { return layout.pooled(proj(normal)) }
        guard case .units(let pool, _) = layout else { return layout.pooled(x) }
        let groups = x.view(x.size(0), x.size(1), pool, -1, x.size(3))
        return .concatenate([groups.amax([2]), groups.mean([2])], 3)
    }
}

/// Multi-head attention of ``HieraBlock``.
final class HieraAttention: Module {
    let qkv: Linear
    let proj: Linear
    private let heads: Int
    private let layout: HieraLayout

    init(_ inWidth: Int, _ width: Int, heads: Int, _ layout: HieraLayout) {
        qkv = Linear(inWidth, 3 * width)
        proj = Linear(width, width)
        self.heads = heads
        self.layout = layout
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch layout {
        case .units(let pool, let window): proj(units(x, pool, window))
        case .grid(let pool, let window): proj(grid(x, pool, window))
        }
    }

    /// B×U×T×C to B×U×(T/pool)×width.
    private func units(_ x: Tensor, _ pool: Int, _ window: Int?) -> Tensor {
        let (batch, count, tokens) = (x.size(0), x.size(1), x.size(2))
        let parts = qkv(x)
        let width = parts.size(3) / 3
        guard let window else {
            let all = parts.view(batch, count * tokens, 3, width)
            let q = HieraLayout.units(pool: pool, window: nil).pooled(all.slice(2, 0, 1).view(batch, count, tokens, width))
            return attend(q.reshape(batch, -1, width), all).view(batch, count, tokens / pool, width)
        }
        // A window smaller than what is left of a unit takes every (T/window)-th token of it.
        let step = tokens / window
        let split = step == 1 ? parts : parts.view(batch, count, window, step, 3 * width).permute(0, 1, 3, 2, 4)
        let windows = split.reshape(batch * count * step, window, 3, width)
        let q = windows.slice(2, 0, 1).view(-1, pool, window / pool, width)
        let result = attend(pool > 1 ? q.amax([1]) : q.squeeze(1), windows)
        if step == 1 { return result.view(batch, count, tokens / pool, width) }
        return result.view(batch, count, step, window / pool, width).permute(0, 1, 3, 2, 4).reshape(batch, count, tokens / pool, width)
    }

    /// B×H×W×C to B×h×w×width. What fills up a window takes part in its attention as a token of zeros, as in the original.
    private func grid(_ x: Tensor, _ pool: [Int]?, _ window: Int) -> Tensor {
        let (height, width) = (x.size(1), x.size(2))
        let (newHeight, newWidth) = pool.map { (height / $0[0], width / $0[1]) } ?? (height, width)
        guard window > 0 else { return inWindows(x, pool) }
        let windows = SpatialWindows(window, height: height, width: width)
        return windows.join(inWindows(windows.split(x), pool), height: newHeight, width: newWidth)
    }

    private func inWindows(_ x: Tensor, _ pool: [Int]?) -> Tensor {
        let (batch, height, width) = (x.size(0), x.size(1), x.size(2))
        let parts = qkv(x)
        let channels = parts.size(3) / 3
        let all = parts.view(batch, height * width, 3, channels)
        let q = HieraLayout.grid(pool: pool, window: 0).pooled(all.slice(2, 0, 1).view(batch, height, width, channels))
        return attend(q.reshape(batch, -1, channels), all).view(batch, q.size(1), q.size(2), channels)
    }

    /// Queries b×n×width for the keys and values in b×N×3×width.
    private func attend(_ q: Tensor, _ parts: Tensor) -> Tensor {
        let (batch, width) = (q.size(0), q.size(2))
        let all = parts.view(batch, parts.size(1), 3, heads, width / heads).permute(2, 0, 3, 1, 4)
        let queries = q.view(batch, q.size(1), heads, width / heads).transpose(1, 2)
        return F.attention(queries, all[1], all[2]).transpose(1, 2).reshape(batch, -1, width)
    }
}

/// The mean of all tokens, normalised, and where there are classes their scores.
final class HieraHead: Module {
    let norm: LayerNorm
    let fc: Linear?

    init(_ width: Int, classes: Int?, eps: Double) {
        norm = LayerNorm(width, eps: eps)
        fc = classes.map { Linear(width, $0) }
    }

    func callAsFunction(_ x: Tensor) -> Tensor? { fc.map { $0(norm(x.mean([2, 3]))) } }
}
