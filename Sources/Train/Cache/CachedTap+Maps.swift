import Foundation
import Recipes
import SegData
import Support
import Torch
import Vision

extension CachedTap {
    /// The parts of a map as they are stored: values h×w×V, and for top-k classes h×w×k.
    ///
    /// Of top-k scores the last value of each position is log((Σ exp of all others) / (K − k)): softmax gives the kept classes exactly
    /// what it gave them, and every other class an equal share of the rest.
    /// - Parameter map: 1×C×h×w.
    /// - Throws: `UserError` when a number is too large for the type.
    package func stored(_ map: Tensor, _ type: CacheRecipe.Storage) throws -> [Tensor] {
        let full = map.detach().float.squeeze(0).permute(1, 2, 0)
        var parts = [full]
        if isTopK {
            let (scores, classes) = full.topK(kept)
            let others = full.contiguous().scatter(-1, classes, Tensor.full(scores.shape, -.infinity, device: full.device))
            let rest = others.logSumExp([-1], keepDimensions: true) - log(Double(channels - kept))
            parts = [Tensor.concatenate([scores, rest], -1), classes.to(indexType)]
        }
        parts[0] = parts[0].to(type.dtype)
        guard parts[0].float.abs().amax().item().isFinite else {
            throw UserError(
                "the teacher's \(name) has numbers that are infinite, or too large for \(type.rawValue)",
                hint: type == .float16 ? "Set teacher.cache.type to float32." : "Check the teacher's weights.")
        }
        return parts.map { $0.contiguous() }
    }

    /// Values (and classes) of some positions as C×h×w in float32.
    package func restored(_ values: Tensor, _ classes: Tensor?) -> Tensor {
        guard let classes else { return values.float.permute(2, 0, 1) }
        let values = values.float
        let rest = values[.all, .all, kept...].expand([values.size(0), values.size(1), channels]).contiguous()
        return rest.scatter(-1, classes.long, values[.all, .all, ..<kept]).permute(2, 0, 1)
    }

    /// Where the positions of the living teacher's map of a crop lie in the map of the whole image: columns and rows, from 0.
    ///
    /// The centre of position (i, j) of the crop's map, (j·s + p, i·s + p) in pixels with stride s and phase p, comes from a place in
    /// the whole image, which is (x·W, y·H) in the picture that the teacher saw; there its column is (x·W − p) / s.
    /// - Parameters:
    ///   - view: the size of the picture that the teacher saw.
    ///   - origin: of the crop, see `Augmentation.Plan.origin`.
    ///   - output: the size of the crop.
    func positions(view: Size, origin: AffineMap, output: Size) -> CachePositions {
        let (rows, columns) = grid(output)
        let (ownRows, ownColumns) = grid(view)
        let (step, width, height) = (Double(stride), Double(view.width), Double(view.height))
        var positions = CachePositions(rows: rows, columns: columns)
        for row in 0..<rows {
            for column in 0..<columns {
                let place = origin(x: Double(column) * step + phase, y: Double(row) * step + phase)
                let x = (place.x * width - phase) / step
                let y = (place.y * height - phase) / step
                // Outside of the image is padding; and half a cell at its edges lies beyond the last centre.
                positions.append(x: min(max(x, 0), Double(ownColumns - 1)), y: min(max(y, 0), Double(ownRows - 1)))
            }
        }
        return positions
    }

    /// A crop's map, 1×C×h×w, from the whole image's in memory.
    package func resampled(_ whole: Tensor, view: Size, origin: AffineMap, output: Size) -> Tensor {
        let positions = positions(view: view, origin: origin, output: output)
        return positions.sample(whole[0][.all, positions.sourceRows, positions.sourceColumns])
    }
}

/// Places in a map, in cells from the centre of the first, and the rectangle of cells that they are mixed from.
struct CachePositions {
    let rows: Int
    let columns: Int
    private(set) var x: [Double] = []
    private(set) var y: [Double] = []

    init(rows: Int, columns: Int) {
        (self.rows, self.columns) = (rows, columns)
        x.reserveCapacity(rows * columns)
        y.reserveCapacity(rows * columns)
    }

    mutating func append(x: Double, y: Double) {
        self.x.append(x)
        self.y.append(y)
    }

    var sourceColumns: Range<Int> { Self.cells(x) }
    var sourceRows: Range<Int> { Self.cells(y) }

    private static func cells(_ places: [Double]) -> Range<Int> {
        Int(places.min()!.rounded(.down))..<Int(places.max()!.rounded(.up)) + 1
    }

    /// Bilinear samples of those cells alone.
    /// - Parameter cells: C×h×w, the rectangle of ``sourceRows`` and ``sourceColumns``.
    /// - Returns: 1×C×rows×columns.
    func sample(_ cells: Tensor) -> Tensor {
        let (left, top) = (Double(sourceColumns.lowerBound), Double(sourceRows.lowerBound))
        // With align_corners, −1 and 1 are the centres of the first and the last cell.
        let (across, down) = (2 / Double(max(1, sourceColumns.count - 1)), 2 / Double(max(1, sourceRows.count - 1)))
        var grid: [Float] = []
        grid.reserveCapacity(2 * x.count)
        for (x, y) in zip(x, y) {
            grid.append(Float((x - left) * across - 1))
            grid.append(Float((y - top) * down - 1))
        }
        let places = Tensor(grid, shape: [1, rows, columns, 2], device: cells.device)
        // A single row or column: its centre, −1, is where it is alone.
        return F.gridSample(cells.unsqueeze(0), places, alignCorners: true)
    }
}
