import Torch

/// The cosines between the features of neighbouring positions: right, below, below right and below left of each.
///
/// The other four neighbours see the same pairs from their other ends. The graph keeps the map, and maps of few channels. A few channels are
/// gone through at once, which stay in the processor's cache.
enum NeighbourCosines {
    /// Rows down and columns to the right.
    private static let directions = [(0, 1), (1, 0), (1, 1), (1, -1)]

    /// B×4×h×w from B×C×h×w; 0 where the neighbour lies outside.
    static func of(_ map: Tensor) -> Tensor {
        let (cosines, inverses) = inFullPrecision(on: map.device) { cosinesAndInverses(map.detach()) }
        return cosines.withGradient(of: [map]) { inputs, gradient in [slope(of: inputs[0].detach(), cosines, inverses, gradient)] }
    }

    /// The cosines, and 1 over the features' lengths (B×1×h×w), 0 for features of zeros.
    private static func cosinesAndInverses(_ map: Tensor) -> (cosines: Tensor, inverses: Tensor) {
        let (batch, height, width) = (map.size(0), map.size(2), map.size(3))
        let products = Tensor.zeros([batch, directions.count, height, width], dtype: map.dtype, device: map.device)
        let squares = Tensor.zeros([batch, 1, height, width], dtype: map.dtype, device: map.device)
        forEachPart(of: map) { image, channels in
            let part = map[image, channels]
            squares[image, 0].add_(part.square().sum(0))
            for (index, direction) in directions.enumerated() {
                let (here, there) = ends(part, direction)
                ends(products[image], direction).here[index].add_((here * there).sum(0))
            }
        }
        let inverses = Tensor.where(squares .> 1e-24, squares.rsqrt(), 0)
        return (products.mul_(atBothEnds(inverses)), inverses)
    }

    /// The derivative of cos(f, g) by f is g / (‖f‖ ‖g‖) − cos(f, g) f / ‖f‖².
    private static func slope(of map: Tensor, _ cosines: Tensor, _ inverses: Tensor, _ gradient: Tensor) -> Tensor {
        let slope = map.emptyLike()
        let own = seenFromBothEnds(gradient * cosines).sum([1], keepDimensions: true) * inverses.square()
        let neighbours = gradient * atBothEnds(inverses)
        forEachPart(of: map) { image, channels in
            let (part, target) = (map[image, channels], slope[image, channels])
            target.copy_(part * -own[image])
            for (index, direction) in directions.enumerated() {
                let (here, there) = ends(part, direction)
                let (hereSlope, thereSlope) = ends(target, direction)
                let factor = ends(neighbours[image], direction).here[index]
                hereSlope.addProduct_(there, factor)
                thereSlope.addProduct_(here, factor)
            }
        }
        return slope
    }

    private static func forEachPart(of map: Tensor, _ body: (_ image: Int, _ channels: Range<Int>) -> Void) {
        let size = map.device.kind == .cpu ? 1 << 18 : 1 << 26
        let count = max(1, size / (map.size(2) * map.size(3)))
        for image in 0..<map.size(0) {
            for start in stride(from: 0, to: map.size(1), by: count) { body(image, start..<min(start + count, map.size(1))) }
        }
    }

    /// The product of a map's (B×1×h×w) values at both ends of every pair: B×4×h×w, 0 where one lies outside.
    private static func atBothEnds(_ map: Tensor) -> Tensor {
        let result = Tensor.zeros([map.size(0), directions.count, map.size(2), map.size(3)], dtype: map.dtype, device: map.device)
        for (index, direction) in directions.enumerated() {
            let (here, there) = ends(map.squeeze(1), direction)
            ends(result[.all, index], direction).here.copy_(here * there)
        }
        return result
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
    static func counted(_ ignored: Tensor, dtype: DType) -> Tensor { atBothEnds((.!ignored).to(dtype)) }
}
