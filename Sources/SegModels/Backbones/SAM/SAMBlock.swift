import Torch
import TorchNN

/// A block of ``SAM``: attention inside windows or over the whole grid, then an MLP, each beside a shortcut.
final class SAMBlock: Module {
    let norm1: LayerNorm
    let attn: SAMAttention
    let norm2: LayerNorm
    let mlp: Mlp
    private let window: Int

    /// - Parameters:
    ///   - window: side in tokens; 0 for the whole grid.
    ///   - grid: the side that the relative positions are for.
    init(_ configuration: SAM.Configuration, window: Int, grid: Int) {
        norm1 = LayerNorm(configuration.width, eps: configuration.eps)
        attn = SAMAttention(configuration, grid: grid)
        norm2 = LayerNorm(configuration.width, eps: configuration.eps)
        mlp = Mlp(configuration.width, hidden: configuration.hidden, activation: configuration.activation)
        self.window = window
    }

    func callAsFunction(_ x_BHWC: Tensor) -> Tensor {
        let x = attn(norm1(x_BHWC), window: window).addResidual(x_BHWC)
        return mlp(norm2(x)).addResidual(x)
    }
}

/// Multi-head attention with decomposed relative positions.
final class SAMAttention: Module {
    let qkv: Linear
    let proj: Linear
    private(set) var relPosH: Tensor?
    private(set) var relPosW: Tensor?
    private let heads: Int

    init(_ configuration: SAM.Configuration, grid: Int) {
        let width = configuration.width
        heads = configuration.heads
        qkv = Linear(width, 3 * width, bias: configuration.hasBias)
        proj = Linear(width, width)
        let isRelative = configuration.hasRelativePositions
        relPosH = isRelative ? Tensor.zeros([2 * grid - 1, width / heads]) : nil
        relPosW = isRelative ? Tensor.zeros([2 * grid - 1, width / heads]) : nil
        super.init()
        markTrainable()
    }

    /// B×H×W×C to the same shape. What fills up a window takes part in its attention as a token of zeros, as in the original.
    func callAsFunction(_ x: Tensor, window: Int) -> Tensor {
        guard window > 0 else { return proj(attend(x)) }
        let windows = SpatialWindows(window, height: x.size(1), width: x.size(2))
        return proj(windows.join(attend(windows.split(x)), height: x.size(1), width: x.size(2)))
    }

    private func attend(_ x: Tensor) -> Tensor {
        let (batch, height, width, channels) = (x.size(0), x.size(1), x.size(2), x.size(3))
        let parts = qkv(x).view(batch, height * width, 3, heads, channels / heads).permute(2, 0, 3, 1, 4)
        let (q, k, v) = (parts[0], parts[1], parts[2])
        let result: Tensor
        if let relPosH, let relPosW {
            result = GridAttention.attend(q, k, v, rows: relPosH, columns: relPosW, height: height, width: width)
        } else {
            result = F.attention(q, k, v).transpose(1, 2)
        }
        return result.reshape(batch, height, width, channels)
    }

    func adapt(rows: [Int]?, columns: [Int]?) {
        if let table = relPosH, let rows, rows.count == 2, rows[1] == table.size(1) { relPosH = table.resized(to: rows) }
        if let table = relPosW, let columns, columns.count == 2, columns[1] == table.size(1) { relPosW = table.resized(to: columns) }
    }
}

/// A 1×1 and a 3×3 convolution, each normalised over the channels; without channels of its own, a normalisation alone.
final class SAMNeck: Module {
    private let reduce: Conv2d?
    private let inner: LayerNorm?
    private let conv: Conv2d?
    private let norm: LayerNorm

    init(_ width: Int, _ channels: Int?) {
        reduce = channels.map { Conv2d(width, $0, kernel: 1, bias: false) }
        inner = channels.map { LayerNorm($0, eps: 1e-6) }
        conv = channels.map { Conv2d($0, $0, kernel: 3, padding: 1, bias: false) }
        norm = LayerNorm(channels ?? width, eps: 1e-6)
    }

    override var members: [(key: String, member: Member)] {
        guard let reduce, let inner, let conv else { return norm.members }
        return [("0", .module(reduce)), ("1", .module(inner)), ("2", .module(conv)), ("3", .module(norm))]
    }

    /// B×C×h×w.
    func callAsFunction(_ x: Tensor) -> Tensor {
        guard let reduce, let inner, let conv else { return channelNorm(norm, x) }
        return channelNorm(norm, conv(channelNorm(inner, reduce(x))))
    }

    private func channelNorm(_ norm: LayerNorm, _ x: Tensor) -> Tensor { norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) }
}
