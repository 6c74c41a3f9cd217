import Torch
import TorchNN

/// Attention inside windows and an MLP, each beside a shortcut, with a norm before (V2: after) each.
final class SwinBlock: Module {
    let norm1: LayerNorm
    let attn: any WindowAttending
    let norm2: LayerNorm
    let mlp: Mlp
    private let dropPath: DropPath
    private let dropout: Dropout
    private let isShifted: Bool
    private let largest: Int
    private let shape: Swin.Configuration

    init(_ shape: Swin.Configuration, _ stage: Int, isShifted: Bool, dropPath: Double) {
        let (width, heads) = (shape.widths[stage], shape.heads[stage])
        norm1 = LayerNorm(width, eps: shape.eps)
        let side = shape.grid.map { $0 >> stage } ?? .max
        attn =
            shape.isV2
            ? CosineWindowAttention(
                width, heads: heads, trained: shape.trainedWindows?[stage] ?? 0, hasBias: shape.hasQKVBias,
                dropout: shape.attentionDropout)
            : WindowAttention(width, heads: heads, window: shape.window, hasBias: shape.hasQKVBias, dropout: shape.attentionDropout)
        norm2 = LayerNorm(width, eps: shape.eps)
        mlp = Mlp(width, hidden: Int(Double(width) * shape.ratio), activation: shape.activation)
        self.dropPath = DropPath(dropPath)
        dropout = Dropout(shape.dropout)
        self.isShifted = isShifted && side > shape.window
        largest = min(shape.window, side)
        self.shape = shape
    }

    func callAsFunction(_ x_BHWC: Tensor, _ geometry: WindowGeometry) -> Tensor {
        let isV2 = shape.isV2
        let attended = isV2 ? norm1(attend(x_BHWC, geometry)) : dropout(attend(norm1(x_BHWC), geometry))
        let x = x_BHWC + dropPath(attended)
        let branch = dropPath(isV2 ? norm2(dropout(mlp(x))) : dropout(mlp(norm2(x))))
        // The sum above is nobody else's; only gradients need it once more.
        return isRecordingGradients ? x + branch : x.add_(branch)
    }

    /// Windows are cut from the map moved up and to the left by half a window, so that they straddle those of the block before;
    /// what comes in over the edge is kept apart by a mask.
    private func attend(_ x_BHWC: Tensor, _ geometry: WindowGeometry) -> Tensor {
        let (height, width) = (x_BHWC.size(1), x_BHWC.size(2))
        let size = window(height, width)
        let shift = self.shift(height, width, size)
        guard shift != [0, 0] else {
            let windows = SpatialWindows(size, height: height, width: width)
            return windows.join(attn(windows.split(x_BHWC), mask: nil), height: height, width: width)
        }
        let (rows, columns) = ((height + size[0] - 1) / size[0] * size[0], (width + size[1] - 1) / size[1] * size[1])
        let windows = SpatialWindows(size, height: rows, width: columns)
        let mask = geometry.mask(rows, columns, size, shift, like: x_BHWC)
        let isWhole = rows == height && columns == width
        func padded(_ x: Tensor) -> Tensor { isWhole ? x : x.pad([0, 0, 0, columns - width, 0, rows - height]) }
        func moved(_ x: Tensor) -> Tensor { x.roll(shift.map { -$0 }, [1, 2]) }
        func back(_ x: Tensor) -> Tensor { x.roll(shift, [1, 2]) }
        func cropped(_ x: Tensor) -> Tensor { isWhole ? x : x[.all, 0..<height, 0..<width] }
        let x = shape.shiftsBeforePadding ? padded(moved(x_BHWC)) : moved(padded(x_BHWC))
        let y = windows.join(attn(windows.split(x), mask: mask), height: rows, width: columns)
        return shape.shiftsBeforePadding ? back(cropped(y)) : cropped(back(y))
    }

    /// Rows and columns of a window.
    private func window(_ height: Int, _ width: Int) -> [Int] {
        guard shape.shrinksWindows else { return attn.window([largest, largest]) }
        if shape.shift == .bySide { return attn.window([min(largest, height), min(largest, width)]) }
        let side = min(largest, height, width)
        return attn.window([side, side])
    }

    private func shift(_ height: Int, _ width: Int, _ window: [Int]) -> [Int] {
        guard isShifted else { return [0, 0] }
        let half = window.map { $0 / 2 }
        switch shape.shift {
        case .always: return half
        case .unlessOneSideFits: return min(height, width) <= window[0] ? [0, 0] : half
        case .bySide: return [height <= window[0] ? 0 : half[0], width <= window[1] ? 0 : half[1]]
        }
    }
}

/// The masks of shifted windows: computed once for each size of a map, for all blocks of a network.
final class WindowGeometry {
    private struct Key: Hashable {
        let rows, columns: Int
        let window, shift: [Int]
    }
    private var masks: [Key: Tensor] = [:]

    /// windows×1×N×N: 0 between patches of one region of the image, −100 (the authors' number) between those of two.
    func mask(_ rows: Int, _ columns: Int, _ window: [Int], _ shift: [Int], like x: Tensor) -> Tensor {
        let key = Key(rows: rows, columns: columns, window: window, shift: shift)
        if let found = masks[key], found.device == x.device, found.dtype == x.dtype { return found }
        // As many sizes as a pyramid has: images of ever new sizes must not fill the memory.
        if masks.count >= 8 { masks = [:] }
        let made = Self.make(rows, columns, window, shift).to(x.dtype, x.device)
        masks[key] = made
        return made
    }

    private static func make(_ rows: Int, _ columns: Int, _ window: [Int], _ shift: [Int]) -> Tensor {
        func region(_ place: Int, _ length: Int, _ window: Int, _ shift: Int) -> Int {
            shift == 0 ? 0 : (place >= length - window ? 1 : 0) + (place >= length - shift ? 1 : 0)
        }
        let down = (0..<rows).map { Float(3 * region($0, rows, window[0], shift[0])) }
        let across = (0..<columns).map { Float(region($0, columns, window[1], shift[1])) }
        let regions = Tensor(down, shape: [1, rows, 1, 1]) + Tensor(across, shape: [1, 1, columns, 1])
        let ids = SpatialWindows(window, height: rows, width: columns).split(regions).reshape(-1, 1, window[0] * window[1])
        let differ = ids.unsqueeze(2) .!= ids.unsqueeze(3)
        return differ.to(.float32) * -100.0
    }
}
