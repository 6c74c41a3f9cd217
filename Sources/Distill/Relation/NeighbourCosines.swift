import Torch

/// The cosines between the features of neighbouring positions: right, below, below right and below left of each.
///
/// The other four neighbours see the same pairs from their other ends. The graph keeps the map alone: the gradient is made from it
/// again, image by image.
enum NeighbourCosines {
    /// Rows down and columns to the right.
    private static let directions = [(0, 1), (1, 0), (1, 1), (1, -1)]

    /// B×4×h×w from B×C×h×w; 0 where the neighbour lies outside.
    static func of(_ map: Tensor) -> Tensor {
        let shape = [map.size(0), directions.count, map.size(2), map.size(3)]
        let result = inFullPrecision(on: map.device) {
            let cosines = Tensor.zeros(shape, dtype: map.dtype, device: map.device)
            for image in 0..<shape[0] {
                let vectors = UnitVectors(map[image].detach().flatten(1)).vectors.reshape([-1] + shape[2...])
                for (index, direction) in directions.enumerated() {
                    let (here, there) = ends(vectors, direction)
                    ends(cosines[image], direction).here[index].copy_((here * there).sum(0))
                }
            }
            return cosines
        }
        return result.withGradient(of: [map]) { inputs, gradient in [slope(of: inputs[0].detach(), gradient)] }
    }

    private static func slope(of map: Tensor, _ gradient: Tensor) -> Tensor {
        let slope = map.zerosLike()
        for image in 0..<map.size(0) {
            let unit = UnitVectors(map[image].flatten(1))
            let vectors = unit.vectors.reshape(Array(map.shape.dropFirst()))
            for (index, direction) in directions.enumerated() {
                let (here, there) = ends(vectors, direction)
                let (hereSlope, thereSlope) = ends(slope[image], direction)
                let factor = ends(gradient[image], direction).here[index]
                hereSlope.addProduct_(there, factor)
                thereSlope.addProduct_(here, factor)
            }
            unit.pullBack(slope[image].flatten(1))
        }
        return slope
    }

    /// Views of a map (C×h×w) at both ends of every pair.
    private static func ends(_ map: Tensor, _ direction: (down: Int, right: Int)) -> (here: Tensor, there: Tensor) {
        let (rows, columns) = (max(0, map.size(1) - direction.down), max(0, map.size(2) - abs(direction.right)))
        let (left, right) = (max(0, -direction.right), max(0, direction.right))
        let here = map[.all, 0..<rows, left..<left + columns]
        let there = map[.all, direction.down..<direction.down + rows, right..<right + columns]
        return (here, there)
    }

    /// What belongs to the pairs (B×4×h×w), seen from each position: B×8×h×w, 0 where there is no neighbour.
    static func seenFromBothEnds(_ pairs: Tensor) -> Tensor {
        let others = directions.enumerated().map { index, direction in
            // Shifted by the direction: what leaves the map is cut off, what comes in is 0.
            pairs[.all, index..<index + 1].pad([direction.1, -direction.1, direction.0, -direction.0])
        }
        return .concatenate([pairs] + others, 1)
    }

    /// 1 for the pairs of which both ends lie inside of the map and are not ignored, else 0: B×4×h×w.
    /// - Parameter ignored: B×1×h×w, truth values.
    static func counted(_ ignored: Tensor, dtype: DType) -> Tensor {
        // A map of one channel, 1 where a position counts: its products are what is asked for.
        let inside = (.!ignored).to(dtype)
        let result = Tensor.zeros([inside.size(0), directions.count, inside.size(2), inside.size(3)], dtype: dtype, device: ignored.device)
        for (index, direction) in directions.enumerated() {
            let (here, there) = ends(inside.transpose(0, 1).flatten(0, 1), direction)
            ends(result[.all, index], direction).here.copy_(here * there)
        }
        return result
    }
}
