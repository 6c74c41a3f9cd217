import Torch

/// A grid of tokens cut into square windows that don't overlap; what does not fill the last window of a row or a column is zeros.
struct SpatialWindows {
    let size: Int
    private let height: Int
    private let width: Int
    private var rows: Int { (height + size - 1) / size }
    private var columns: Int { (width + size - 1) / size }

    init(_ size: Int, height: Int, width: Int) {
        self.size = size
        self.height = height
        self.width = width
    }

    /// B×height×width×C to (B·windows)×size×size×C.
    func split(_ x_BHWC: Tensor) -> Tensor {
        let (below, beside) = (rows * size - height, columns * size - width)
        let padded = below + beside > 0 ? x_BHWC.pad([0, 0, 0, beside, 0, below]) : x_BHWC
        let channels = x_BHWC.size(3)
        return padded.reshape(-1, rows, size, columns, size, channels).permute(0, 1, 3, 2, 4, 5).reshape(-1, size, size, channels)
    }

    /// Windows back in their places, without what lies beyond `height` and `width`; their sides may have become smaller.
    func join(_ windows: Tensor, height: Int, width: Int) -> Tensor {
        let (side, channels) = (windows.size(1), windows.size(3))
        let grid = windows.view(-1, rows, columns, side, side, channels).permute(0, 1, 3, 2, 4, 5)
        let joined = grid.reshape(-1, rows * side, columns * side, channels)
        guard rows * side > height || columns * side > width else { return joined }
        return joined[.all, 0..<height, 0..<width]
    }
}
