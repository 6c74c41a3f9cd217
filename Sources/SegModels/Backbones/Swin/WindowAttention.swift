import Foundation
import Torch
import TorchNN

/// Attention among the patches of a window.
protocol WindowAttending: Module {
    /// The windows for a map of this size: at most `largest` each way, and as many rows and columns as the learned terms are for.
    func window(_ largest: [Int]) -> [Int]
    /// (B·windows)×rows×columns×C; `mask` windows×1×N×N, of the windows of one image.
    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor
}

/// Attention among the patches of a window, with a learned term for each distance.
final class WindowAttention: Module, WindowAttending {
    private(set) var relativePositionBiasTable: Tensor
    let qkv: Linear
    let proj: Linear
    /// The largest window.
    private let side: Int
    private let heads: Int
    private let dropout: Double
    private let places = RelativePlaces()

    init(_ width: Int, heads: Int, window: Int, hasBias: Bool, dropout: Double) {
        side = window
        self.heads = heads
        self.dropout = dropout
        relativePositionBiasTable = Tensor.empty([(2 * window - 1) * (2 * window - 1), heads])
        qkv = Linear(width, 3 * width, bias: hasBias)
        proj = Linear(width, width)
        super.init()
        Initializer.truncatedNormal(relativePositionBiasTable, std: 0.02)
        markTrainable()
    }

    /// Takes a table for smaller windows, (2·rows − 1)(2·columns − 1) × heads.
    func adapt(to shape: [Int]) {
        guard shape.count == 2, shape[1] == heads, shape != relativePositionBiasTable.shape, Self.window(shape[0], side) != nil else {
            return
        }
        relativePositionBiasTable = Tensor.zeros(shape)
        relativePositionBiasTable.requiresGrad = true
    }

    func window(_ largest: [Int]) -> [Int] {
        let count = relativePositionBiasTable.size(0)
        return (2 * largest[0] - 1) * (2 * largest[1] - 1) == count ? largest : Self.window(count, side)!
    }

    /// The window that a table of so many distances is for, as nearly square as there is one.
    private static func window(_ count: Int, _ largest: Int) -> [Int]? {
        (1...largest).filter { count % (2 * $0 - 1) == 0 }.map { [$0, (count / (2 * $0 - 1) + 1) / 2] }.filter { $0[1] <= largest }
            .min { abs($0[0] - $0[1]) < abs($1[0] - $1[1]) }
    }

    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        let (q, k, v) = parts(qkv(x), heads)
        let bias = places.term(relativePositionBiasTable, [x.size(1), x.size(2)]).to(q.dtype, format: .contiguous)
        let scale = 1 / Double(x.size(3) / heads).squareRoot()
        let y = attention(q, k, v, bias, mask, scale: scale, dropout: isTraining ? dropout : 0)
        return proj(y.reshape(x.shape))
    }
}

/// V2: cosines of queries and keys, and terms that an MLP computes of the distances (Liu et al., CVPR 2022), so that they hold for
/// windows of any size.
final class CosineWindowAttention: Module, WindowAttending {
    let logitScale: Tensor
    let cpbMlp: Sequential
    let qkv: Linear
    let qBias: Tensor?
    let vBias: Tensor?
    let proj: Linear
    private let heads: Int
    private let trained: Int
    private let dropout: Double
    private let places = RelativePlaces()

    /// - Parameter trained: the side of the windows that the MLP was trained with; 0: of those that it is used with.
    init(_ width: Int, heads: Int, trained: Int, hasBias: Bool, dropout: Double) {
        self.heads = heads
        self.trained = trained
        self.dropout = dropout
        logitScale = Tensor.full([heads, 1, 1], log(10.0))
        cpbMlp = Sequential(Linear(2, 512), Activation(.relu), Linear(512, heads, bias: false))
        qkv = Linear(width, 3 * width, bias: false)
        qBias = hasBias ? Tensor.zeros([width]) : nil
        vBias = hasBias ? Tensor.zeros([width]) : nil
        proj = Linear(width, width)
        super.init()
        markTrainable()
    }

    func window(_ largest: [Int]) -> [Int] { largest }

    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        let bias = qBias.map { Tensor.concatenate([$0, $0.zerosLike(), vBias!]) }
        var (q, k, v) = parts(F.linear(x, qkv.weight, bias: bias), heads)
        q = (q.normalized(-1) * logitScale.clamp(max: log(100.0)).exp()).to(v.dtype)
        k = k.normalized(-1).to(v.dtype)
        let window = [x.size(1), x.size(2)]
        let distances = places.distances(window, over: trained > 0 ? [trained, trained] : window, like: qkv.weight)
        let term = places.term(cpbMlp(distances).sigmoid() * 16.0, window).to(v.dtype, format: .contiguous)
        let y = attention(q, k, v, term, mask, scale: 1, dropout: isTraining ? dropout : 0)
        let result = proj(y.reshape(x.shape))
        return isTraining && dropout > 0 ? F.dropout(result, dropout, training: true) : result
    }
}

/// (B·windows)×side×side×3C to three of (B·windows)×heads×N×D.
private func parts(_ qkv: Tensor, _ heads: Int) -> (Tensor, Tensor, Tensor) {
    let parts = qkv.view(qkv.size(0), qkv.size(1) * qkv.size(2), 3, heads, qkv.size(3) / 3 / heads).permute(2, 0, 3, 1, 4)
    return (parts[0], parts[1], parts[2])
}

/// softmax(q kᵀ · scale + bias + mask) v as (B·windows)×N×heads×D.
private func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ bias: Tensor, _ mask: Tensor?, scale: Double, dropout: Double
) -> Tensor {
    let (count, heads, tokens) = (q.size(0), q.size(1), q.size(2))
    var bias = bias
    if let mask { bias = bias + mask }
    let images = count / (mask?.size(0) ?? count)
    guard isRecordingGradients else {
        if images > 1 { bias = bias.unsqueeze(0).expand([images] + bias.shape).reshape(count, heads, tokens, tokens) }
        return F.attention(q, k, v, mask: bias, scale: scale).transpose(1, 2)
    }
    // The fused function has no gradient for the bias, and LibTorch's way around it takes more steps.
    var scores = (scale == 1 ? q : q * scale).matmul(k.transpose(2, 3))
    scores = images > 1 ? (scores.view(images, -1, heads, tokens, tokens) + bias).view(count, heads, tokens, tokens) : scores.add_(bias)
    return F.dropout(scores.softmax(-1), dropout, training: dropout > 0).matmul(v).transpose(1, 2)
}

/// The distances between the patches of a window, [rows, columns].
final class RelativePlaces {
    private var rows: (window: [Int], index: Tensor)?
    private var logarithms: (window: [Int], table: Tensor)?

    /// 1×heads×N×N: for each pair of patches the entry of `table`, (2·rows − 1)(2·columns − 1) × heads.
    func term(_ table: Tensor, _ window: [Int]) -> Tensor {
        if rows?.window != window || rows?.index.device != table.device { rows = (window, Self.index(window).to(table.device)) }
        let tokens = window[0] * window[1]
        return table.indexSelect(0, rows!.index).view(1, tokens, tokens, table.size(1)).permute(0, 3, 1, 2)
    }

    /// For each pair of places of a window, row-major, the table's row for their distance.
    private static func index(_ window: [Int]) -> Tensor {
        let (height, width) = (window[0], window[1])
        let places = (0..<height * width).map { (row: $0 / width, column: $0 % width) }
        return Tensor(
            places.flatMap { a in places.map { b in (a.row - b.row + height - 1) * (2 * width - 1) + a.column - b.column + width - 1 } })
    }

    /// sign(d) log₂(1 + 8|d|/(span − 1)) / 3 of all distances d down and across: a row of two for each.
    func distances(_ window: [Int], over spans: [Int], like weight: Tensor) -> Tensor {
        if let logarithms, logarithms.window == window, logarithms.table.device == weight.device, logarithms.table.dtype == weight.dtype {
            return logarithms.table
        }
        let sides = zip(window, spans).map { size, span in
            (1 - size...size - 1).map { distance -> Float in
                let scaled = 8 * Float(distance) / Float(max(1, span - 1))
                return (scaled < 0 ? -1 : 1) * log2(abs(scaled) + 1) / 3
            }
        }
        let table = Tensor(sides[0].flatMap { down in sides[1].flatMap { [down, $0] } }, shape: [sides[0].count * sides[1].count, 2])
        logarithms = (window, table.to(weight.dtype, weight.device))
        return logarithms!.table
    }
}
