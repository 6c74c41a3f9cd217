extension RunLengthMask {
    /// The union of polygons, drawn exactly as COCO's tools draw them.
    /// - Parameter polygons: of each its corners, x and y in turn, in pixels; (0, 0) is the image's upper left corner. What lies outside
    ///   the image is cut off.
    /// - Precondition: each polygon has whole pairs of numbers, all finite and below 10⁸ in size.
    public init(polygons: [[Double]], width: Int, height: Int) {
        guard let first = polygons.first else {
            self.init(width: width, height: height, counts: [UInt32(width * height)])
            return
        }
        self.init(polygon: first, width: width, height: height)
        for polygon in polygons.dropFirst() { self = union(RunLengthMask(polygon: polygon, width: width, height: height)) }
    }

    /// A polygon of corners x, y, x, y, …
    ///
    /// Corners are rounded to fifths of a pixel. Each edge is walked in steps of a fifth along its longer side; where it passes the
    /// middle of a column of pixels, the object begins or ends in that column, at the pixel that is next below. Edges that meet there
    /// cancel each other.
    public init(polygon: [Double], width: Int, height: Int) {
        precondition(polygon.count % 2 == 0, "a polygon has whole pairs of numbers")
        let corners = stride(from: 0, to: polygon.count, by: 2).map { (Self.fifths(polygon[$0]), Self.fifths(polygon[$0 + 1])) }
        var crossings: [Int] = []
        for index in corners.indices {
            let next = corners[index + 1 == corners.count ? 0 : index + 1]
            Self.cross(corners[index], next, width, height, &crossings)
        }
        crossings.sort()
        self.init(width: width, height: height, counts: Self.counts(changes: crossings, pixels: width * height))
    }

    private static func fifths(_ coordinate: Double) -> Int { Int(5 * coordinate + 0.5) }

    /// Appends the positions, in the order of the columns, at which the edge from `a` to `b` passes the middle of a column.
    private static func cross(_ a: (Int, Int), _ b: (Int, Int), _ width: Int, _ height: Int, _ crossings: inout [Int]) {
        guard a.0 != b.0 else { return }
        /// Between the fifths `u` and `u + 1` of a row and at the fifth `v` of a column.
        func pass(_ u: Int, _ v: Int) {
            let column = (u - 2) / 5
            guard u >= 2, u % 5 == 2, column < width else { return }
            crossings.append(column * height + min(max(0, (v + 2) / 5), height))
        }
        if abs(b.0 - a.0) >= abs(b.1 - a.1) {
            let (start, end) = a.0 < b.0 ? (a, b) : (b, a)
            let slope = Double(end.1 - start.1) / Double(end.0 - start.0)
            let (low, high) = (max(start.0, 2), min(end.0, 5 * width))
            // The first fifth from `low` on that leaves 2 when divided by 5.
            for u in stride(from: low + (12 - low % 5) % 5, to: high, by: 5) {
                let v = Double(start.1) + slope * Double(u - start.0) + 0.5
                let after = Double(start.1) + slope * Double(u + 1 - start.0) + 0.5
                pass(u, min(Int(v), Int(after)))
            }
        } else {
            let (start, end) = a.1 < b.1 ? (a, b) : (b, a)
            let slope = Double(end.0 - start.0) / Double(end.1 - start.1)
            var before = start.0
            for step in 1...(end.1 - start.1) {
                let u = Int(Double(start.0) + slope * Double(step) + 0.5)
                if u != before { pass(min(u, before), start.1 + step - 1) }
                before = u
            }
        }
    }

    /// The runs between the sorted positions at which inside and outside change.
    static func counts(changes: [Int], pixels: Int) -> [UInt32] {
        var counts: [UInt32] = []
        counts.reserveCapacity(changes.count + 1)
        var position = 0
        var index = 0
        while index < changes.count {
            let change = changes[index]
            index += 1
            // Two changes in one place are none.
            if index < changes.count, changes[index] == change {
                index += 1
                continue
            }
            guard change < pixels else { break }
            counts.append(UInt32(change - position))
            position = change
        }
        counts.append(UInt32(pixels - position))
        return counts
    }
}
