import Vision

extension Augmentation.Plan {
    /// Where the result's points come from: a point in pixels of the result, whose pixel i reaches from i to i + 1, to shares of the
    /// whole image's width and height. What lies outside of 0...1 is padding.
    public var origin: AffineMap {
        let size = window
        let shares = AffineMap(xx: 1 / Double(scaled.width), yy: 1 / Double(scaled.height))
        let placed = AffineMap(
            xx: flipped ? -1 : 1, x0: Double(flipped ? x + size.width : x),
            yy: flippedVertically ? -1 : 1, y0: Double(flippedVertically ? y + size.height : y))
        let turned = transposed ? AffineMap(xx: 0, xy: 1, yx: 1, yy: 0) : .identity
        return shares.then(placed).then(turned).then(warp ?? .identity)
    }
}
