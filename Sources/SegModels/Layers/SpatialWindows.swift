import Torch

/// A grid of tokens cut into windows that don't overlap; what does not fill the last window of a row or a column is zeros.
struct SpatialWindows {
    /// Of a window: rows and columns of tokens.
    private let sides: [Int]
    private let height: Int
    private let width: Int
    private var rows: Int { (height + sides[0] - 1) / sides[0] }
    private var columns: Int { (width + sides[1] - 1) / sides[1] }

    /// - Parameter sides: of a window, [vertical, horizontal].
    init(_ sides: [Int], height: Int, width: Int) {
        self.sides = sides
        self.height = height
        self.width = width
    }

    /// Square windows.
    init(_ size: Int, height: Int, width: Int) { self.init([size, size], height: height, width: width) }

    /// B×height×width×C to (B·windows)×side×side×C.
    func split(_ x_BHWC: Tensor) -> Tensor {
        let (below, beside) = (rows * sides[0] - height, columns * sides[1] - width)
        let padded = below + beside > 0 ? x_BHWC.pad([0, 0, 0, beside, 0, below]) : x_BHWC
        let channels = x_BHWC.size(3)
        let grid = padded.reshape(-1, rows, sides[0], columns, sides[1], channels).permute(0, 1, 3, 2, 4, 5)
        return grid.reshape(-1, sides[0], sides[1], channels)
    }

    /// Windows back in their places, without what lies beyond `height` and `width`; their sides may have become smaller.
    func join(_ windows: Tensor, height: Int, width: Int) -> Tensor {
        let (down, across, channels) = (windows.size(1), windows.size(2), windows.size(3))
        let grid = windows.view(-1, rows, columns, down, across, channels).permute(0, 1, 3, 2, 4, 5)
        let joined = grid.reshape(-1, rows * down, columns * across, channels)
        guard rows * down > height || columns * across > width else { return joined }
        return joined[.all, 0..<height, 0..<width]
    }
}
