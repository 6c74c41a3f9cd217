import Torch
import TorchNN

/// Attention inside windows and an MLP, each behind a norm and beside a shortcut.
final class SwinBlock: Module {
    let norm1: LayerNorm
    let attn: WindowAttention
    let norm2: LayerNorm
    let mlp: Mlp
    private let dropPath: DropPath
    private let dropout: Dropout
    private let isShifted: Bool
    private let shift: Swin.Shift
    private let shiftsBeforePadding: Bool

    init(_ shape: Swin.Configuration, _ width: Int, heads: Int, isShifted: Bool, dropPath: Double) {
        norm1 = LayerNorm(width, eps: shape.eps)
        attn = WindowAttention(
            width, heads: heads, window: shape.window, hasBias: shape.hasQKVBias, dropout: shape.attentionDropout)
        norm2 = LayerNorm(width, eps: shape.eps)
        mlp = Mlp(width, hidden: Int(Double(width) * shape.ratio), activation: shape.activation)
        self.dropPath = DropPath(dropPath)
        dropout = Dropout(shape.dropout)
        self.isShifted = isShifted
        shift = shape.shift
        shiftsBeforePadding = shape.shiftsBeforePadding
    }

    func callAsFunction(_ x_BHWC: Tensor, _ geometry: WindowGeometry) -> Tensor {
        let x = x_BHWC + dropPath(dropout(attend(norm1(x_BHWC), geometry)))
        let branch = dropPath(dropout(mlp(norm2(x))))
        // The sum above is nobody else's, and no gradient needs it once recorded by the norm, except while recording.
        return isRecordingGradients ? x + branch : x.add_(branch)
    }

    /// Windows are cut from the map moved up and to the left by half a window, so that they straddle those of the block before;
    /// what comes in over the edge is kept apart by a mask.
    private func attend(_ x_BHWC: Tensor, _ geometry: WindowGeometry) -> Tensor {
        let (height, width, size) = (x_BHWC.size(1), x_BHWC.size(2), attn.window)
        let shift = self.shift(height, width)
        guard shift != [0, 0] else {
            let windows = SpatialWindows(size, height: height, width: width)
            return windows.join(attn(windows.split(x_BHWC), mask: nil), height: height, width: width)
        }
        let (rows, columns) = ((height + size - 1) / size * size, (width + size - 1) / size * size)
        let windows = SpatialWindows(size, height: rows, width: columns)
        let mask = geometry.mask(rows, columns, size, shift, like: x_BHWC)
        let isWhole = rows == height && columns == width
        func padded(_ x: Tensor) -> Tensor { isWhole ? x : x.pad([0, 0, 0, columns - width, 0, rows - height]) }
        func moved(_ x: Tensor) -> Tensor { x.roll(shift.map { -$0 }, [1, 2]) }
        func back(_ x: Tensor) -> Tensor { x.roll(shift, [1, 2]) }
        func cropped(_ x: Tensor) -> Tensor { isWhole ? x : x[.all, 0..<height, 0..<width] }
        let x = shiftsBeforePadding ? padded(moved(x_BHWC)) : moved(padded(x_BHWC))
        let y = windows.join(attn(windows.split(x), mask: mask), height: rows, width: columns)
        return shiftsBeforePadding ? back(cropped(y)) : cropped(back(y))
    }

    private func shift(_ height: Int, _ width: Int) -> [Int] {
        guard isShifted else { return [0, 0] }
        let (size, half) = (attn.window, attn.window / 2)
        switch shift {
        case .always: return [half, half]
        case .unlessOneSideFits: return min(height, width) <= size ? [0, 0] : [half, half]
        case .bySide: return [height <= size ? 0 : half, width <= size ? 0 : half]
        }
    }
}

/// Attention among the patches of a window, with a learned term for each distance.
final class WindowAttention: Module {
    private(set) var relativePositionBiasTable: Tensor
    let qkv: Linear
    let proj: Linear
    private(set) var window: Int
    private let heads: Int
    private let dropout: Double
    private var index: (window: Int, places: Tensor)?

    init(_ width: Int, heads: Int, window: Int, hasBias: Bool, dropout: Double) {
        self.window = window
        self.heads = heads
        self.dropout = dropout
        relativePositionBiasTable = Tensor.empty([(2 * window - 1) * (2 * window - 1), heads])
        qkv = Linear(width, 3 * width, bias: hasBias)
        proj = Linear(width, width)
        super.init()
        Initializer.truncatedNormal(relativePositionBiasTable, std: 0.02)
        markTrainable()
    }

    /// Takes the window's side from a table's shape, (2·side − 1)² × heads.
    func adapt(to shape: [Int]) {
        let span = Int(Double(shape.first ?? 0).squareRoot().rounded())
        guard shape.count == 2, shape[1] == heads, span % 2 == 1, span * span == shape[0], span != 2 * window - 1 else { return }
        window = (span + 1) / 2
        relativePositionBiasTable = Tensor.zeros(shape)
        relativePositionBiasTable.requiresGrad = true
    }

    /// (B·windows)×side×side×C; `mask` windows×1×N×N, of the windows of one image.
    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        let (count, width, tokens) = (x.size(0), x.size(3), window * window)
        let parts = qkv(x).view(count, tokens, 3, heads, width / heads).permute(2, 0, 3, 1, 4)
        let (q, k, v) = (parts[0], parts[1], parts[2])
        var bias = self.bias(q.dtype)
        if let mask { bias = bias + mask }
        let images = count / (mask?.size(0) ?? count)
        let y: Tensor
        if isRecordingGradients {
            // The fused function has no gradient for the bias, and LibTorch's way around it takes more steps.
            var scores = (q * (1 / Double(width / heads).squareRoot())).matmul(k.transpose(2, 3))
            scores =
                images > 1 ? (scores.view(images, -1, heads, tokens, tokens) + bias).view(count, heads, tokens, tokens) : scores.add_(bias)
            y = F.dropout(scores.softmax(-1), dropout, training: isTraining && dropout > 0).matmul(v)
        } else {
            if images > 1 { bias = bias.unsqueeze(0).expand([images] + bias.shape).reshape(count, heads, tokens, tokens) }
            y = F.attention(q, k, v, mask: bias)
        }
        return proj(y.transpose(1, 2).reshape(count, window, window, width))
    }

    /// 1×heads×N×N: the table's entry for each pair of places.
    private func bias(_ dtype: DType) -> Tensor {
        let tokens = window * window
        if index?.window != window || index?.places.device != relativePositionBiasTable.device {
            index = (window, RelativePlaces.index(window).to(relativePositionBiasTable.device))
        }
        let entries = relativePositionBiasTable.indexSelect(0, index!.places).view(1, tokens, tokens, heads)
        return entries.permute(0, 3, 1, 2).to(dtype, format: .contiguous)
    }
}

/// Which row of the table belongs to which pair of places.
enum RelativePlaces {
    /// For each pair of places of a window, row-major, the table's row for their distance.
    static func index(_ window: Int) -> Tensor {
        let places = (0..<window * window).map { (row: $0 / window, column: $0 % window) }
        let span = 2 * window - 1
        return Tensor(places.flatMap { a in places.map { b in (a.row - b.row + window - 1) * span + a.column - b.column + window - 1 } })
    }
}

/// The masks of shifted windows: computed once for each size of a map, for all blocks of a network.
final class WindowGeometry {
    private struct Key: Hashable {
        let rows, columns, window: Int
        let shift: [Int]
    }
    private var masks: [Key: Tensor] = [:]

    /// windows×1×N×N: 0 between patches of one region of the image, −100 (the authors' number) between those of two.
    func mask(_ rows: Int, _ columns: Int, _ window: Int, _ shift: [Int], like x: Tensor) -> Tensor {
        let key = Key(rows: rows, columns: columns, window: window, shift: shift)
        if let found = masks[key], found.device == x.device, found.dtype == x.dtype { return found }
        // As many sizes as a pyramid has: images of ever new sizes must not fill the memory.
        if masks.count >= 8 { masks = [:] }
        let made = Self.make(rows, columns, window, shift).to(x.dtype, x.device)
        masks[key] = made
        return made
    }

    private static func make(_ rows: Int, _ columns: Int, _ window: Int, _ shift: [Int]) -> Tensor {
        func region(_ place: Int, _ length: Int, _ shift: Int) -> Int {
            shift == 0 ? 0 : (place >= length - window ? 1 : 0) + (place >= length - shift ? 1 : 0)
        }
        let down = (0..<rows).map { Float(3 * region($0, rows, shift[0])) }
        let across = (0..<columns).map { Float(region($0, columns, shift[1])) }
        let regions = Tensor(down, shape: [1, rows, 1, 1]) + Tensor(across, shape: [1, 1, columns, 1])
        let ids = SpatialWindows(window, height: rows, width: columns).split(regions).reshape(-1, 1, window * window)
        let differ = ids.unsqueeze(2) .!= ids.unsqueeze(3)
        return differ.to(.float32) * -100.0
    }
}
