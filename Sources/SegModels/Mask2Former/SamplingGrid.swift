import Torch

/// The places where deformable attention's queries stand on every map: those of the maps' own pixels. Computed once for each size.
package final class SamplingGrid {
    /// Q×1×L×1×2, in pixels of each map, x first.
    private let places: Tensor
    /// L×1×2 as width and height.
    private let sizes: Tensor
    /// The row of each map's first pixel, L×1.
    private let starts: Tensor

    /// - Parameter sizes: [height, width] of each map.
    package init(_ maps: [[Int]], device: Device) {
        let levels = maps.count
        // The centre of pixel j of a map of width w lies at (j + ½) / w of every map.
        func centres(_ length: Int, _ axis: Int) -> Tensor {
            let place_N1 = ((Tensor.arange(0, length, dtype: .float64) + 0.5) / Double(length)).unsqueeze(1)
            return place_N1 * Tensor(maps.map { Double($0[axis]) }) - 0.5
        }
        let perMap = maps.map { map -> Tensor in
            let shape = [map[0], map[1], levels]
            let x = centres(map[1], 1).unsqueeze(0).expand(shape)
            let y = centres(map[0], 0).unsqueeze(1).expand(shape)
            return Tensor.stack([x, y], 3).reshape(-1, 1, levels, 1, 2)
        }
        places = Tensor.concatenate(perMap).to(.float32, device)
        sizes = Tensor(maps.flatMap { [Float($0[1]), Float($0[0])] }, shape: [levels, 1, 2]).to(device)
        var first = 0
        let firsts = maps.map { map in
            defer { first += map[0] * map[1] }
            return Int32(first)
        }
        starts = Tensor(firsts, shape: [levels, 1]).to(device)
    }

    /// The four pixels around each sample: their rows among the values (B·N·H), and their weights. Both as one row of
    /// 4·L·P entries for each query and head.
    ///
    /// - Parameters:
    ///   - offsets_BQHLP2: float32.
    ///   - weights_BQHLP: float32.
    ///   - queries: which of the grid's they are.
    ///   - rowsOfImage: N.
    func corners(_ offsets_BQHLP2: Tensor, _ weights_BQHLP: Tensor, queries: Range<Int>, rowsOfImage: Int) -> (
        rows: Tensor, weights: Tensor
    ) {
        let (batch, heads) = (offsets_BQHLP2.size(0), offsets_BQHLP2.size(2))
        let place = offsets_BQHLP2 + places[queries]
        // Dimension 3 tells the two pixels on either side, of x and of y.
        let (floor, isInside, rows) = withoutGradients {
            let floor = place.floor()
            let pair = Tensor.stack([floor, floor + 1.0], 3)
            let isInside = (pair .>= 0.0) .& (pair .< sizes)
            // Outside the weight is 0 and any pixel will do, also where an offset is NaN.
            let near = Tensor.where(isInside, pair, 0.0)
            let row = near[.all, .all, .all, .all, .all, .all, 1] * sizes[.all, .all, 0]
            let cell = row.unsqueeze(4) + near[.all, .all, .all, .all, .all, .all, 0].unsqueeze(3)
            let first = starts * heads + Tensor.arange(0, heads, dtype: .int32, device: place.device).view(heads, 1, 1, 1, 1)
            let image = Tensor.arange(0, batch, dtype: .int32, device: place.device).view(batch, 1, 1, 1, 1, 1, 1) * (rowsOfImage * heads)
            return (floor, isInside, (cell.to(.int32) * heads).add_(image + first))
        }
        let fraction = place - floor
        let sides = Tensor.stack([1.0 - fraction, fraction], 3) * isInside
        let down = sides[.all, .all, .all, .all, .all, .all, 1] * weights_BQHLP.unsqueeze(3)
        let weights = down.unsqueeze(4) * sides[.all, .all, .all, .all, .all, .all, 0].unsqueeze(3)
        return (rows.reshape([-1]), weights.reshape([-1]))
    }
}
