import Torch

/// How much of the matrices of products is in memory at once.
package struct RelationLimits: Sendable {
    /// Numbers in a tile.
    package let tile: Int
    /// Numbers that are remembered from one pass over the tiles to the next.
    package let kept: Int

    package init(tile: Int, kept: Int) { (self.tile, self.kept) = (tile, kept) }

    /// On the processor a few tiles fit in its cache, a GPU wants large products. 256 MiB are remembered, in float32.
    package init(for device: Device) { self.init(tile: device.kind == .cpu ? 1 << 20 : 1 << 24, kept: 1 << 26) }
}

/// A few rows of the matrix of products between the positions of two images, or of one image with itself.
///
/// The matrix of one image with itself is symmetric: its tiles begin at the diagonal, and what lies right of the `rows` stands for its
/// mirror image too.
struct RelationTile {
    let rows: Range<Int>
    /// The columns that are computed.
    let columns: Range<Int>
    /// The columns whose transposes count as well.
    let mirrored: Range<Int>

    /// The mirrored columns, counted from the tile's first.
    var mirroredColumns: Range<Int> { mirrored.lowerBound - columns.lowerBound..<columns.count }

    /// - Parameters:
    ///   - positions: of each image.
    ///   - size: numbers in a tile.
    static func all(_ positions: Int, sameImage: Bool, size: Int) -> [RelationTile] {
        let height = max(1, min(positions, size / positions))
        return stride(from: 0, to: positions, by: height).map { start in
            let rows = start..<min(start + height, positions)
            return RelationTile(
                rows: rows, columns: (sameImage ? start : 0)..<positions, mirrored: (sameImage ? rows.upperBound : 0)..<positions)
        }
    }

    /// aᵀ b, from C×N each.
    func products(_ a: Tensor, _ b: Tensor) -> Tensor { a[.all, rows].transpose(0, 1).matmul(b[.all, columns]) }

    /// aᵀ b + bᵀ a.
    func symmetricProducts(_ a: Tensor, _ b: Tensor) -> Tensor {
        products(a, b).addMatmul_(b[.all, rows].transpose(0, 1), a[.all, columns])
    }

    /// Adds to the gradients of `a` and `b` (C×N) what the gradient of their products gives.
    func addSlopes(_ products: Tensor, _ a: Tensor, _ b: Tensor, scale: Double = 1, to slopes: (a: Tensor, b: Tensor)) {
        slopes.a[.all, rows].addMatmul_(b[.all, columns], products.transpose(0, 1), scale: scale)
        guard !mirrored.isEmpty else { return }
        slopes.b[.all, mirrored].addMatmul_(a[.all, rows], products[.all, mirroredColumns], scale: scale)
    }
}
