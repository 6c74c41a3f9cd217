/// Contour pixels of each class, and how many of them have a counterpart nearby.
struct ContourPixels {
    private(set) var points: [[(x: Int32, y: Int32)]]

    init(classes: Int) { points = .init(repeating: [], count: classes) }

    /// Takes the contour pixels of every class: those whose membership changes to the right, below, or diagonally below.
    mutating func read(_ labels: UnsafePointer<UInt8>, _ borders: LabelBorders) {
        let (width, height, classes) = (borders.contour.width, borders.contour.height, points.count)
        for index in points.indices { points[index].removeAll(keepingCapacity: true) }
        borders.contour.visit { x, y in
            let place = y * width + x
            let own = Int(labels[place])
            let right = x + 1 < width ? Int(labels[place + 1]) : own
            let below = y + 1 < height ? Int(labels[place + width]) : own
            let diagonal = x + 1 < width && y + 1 < height ? Int(labels[place + width + 1]) : own
            let point = (x: Int32(x), y: Int32(y))
            if own < classes { points[own].append(point) }
            if right != own, right < classes { points[right].append(point) }
            if below != own, below != right, below < classes { points[below].append(point) }
            if diagonal != own, diagonal != right, diagonal != below, diagonal < classes { points[diagonal].append(point) }
        }
    }
}

/// Finds which points lie within a Euclidean distance of others.
struct ContourMatcher {
    private let width: Int
    private let height: Int
    private let radius: Int
    /// Bits on the left and right of each row for windows that reach out of the image.
    private let room: Int
    private let stride: Int
    /// Words of a window of 2 * radius + 1 pixels.
    private let chunks: Int
    /// The pixels of the disc in the rows 0 ... radius from its centre.
    private let disc: [UInt64]
    private var plane: [UInt64]

    init(width: Int, height: Int, radius: Int) {
        self.width = width
        self.height = height
        self.radius = radius
        room = (radius + 63) / 64 * 64
        let chunks = (2 * radius + 1 + 63) / 64
        self.chunks = chunks
        stride = (room + width + radius + 63) / 64 + 2
        var disc = [UInt64](repeating: 0, count: (radius + 1) * chunks)
        for row in 0...radius {
            let half = Int(Double(radius * radius - row * row).squareRoot())
            for bit in (radius - half)...(radius + half) { disc[row * chunks + bit / 64] |= 1 << UInt64(bit % 64) }
        }
        self.disc = disc
        plane = .init(repeating: 0, count: stride * height)
    }

    func fits(width: Int, height: Int, radius: Int) -> Bool { self.width == width && self.height == height && self.radius == radius }

    /// How many of `queries` have one of `targets` within the radius.
    mutating func matches(_ queries: [(x: Int32, y: Int32)], near targets: [(x: Int32, y: Int32)]) -> Int {
        if queries.isEmpty || targets.isEmpty { return 0 }
        let (stride, room) = (stride, room)
        for target in targets {
            let bit = room + Int(target.x)
            plane[Int(target.y) * stride + bit / 64] |= 1 << UInt64(bit % 64)
        }
        defer {
            for target in targets { plane[Int(target.y) * stride + (room + Int(target.x)) / 64] = 0 }
        }
        return plane.withUnsafeBufferPointer { plane in
            disc.withUnsafeBufferPointer { disc in
                queries.reduce(0) { $0 + (hasTarget(plane.baseAddress!, disc.baseAddress!, Int($1.x), Int($1.y)) ? 1 : 0) }
            }
        }
    }

    /// Looks from the point's own row outwards: most contours have their counterpart close by.
    @inline(__always)
    private func hasTarget(_ plane: UnsafePointer<UInt64>, _ disc: UnsafePointer<UInt64>, _ x: Int, _ y: Int) -> Bool {
        let start = room + x - radius
        let (word, shift) = (start / 64, UInt64(start % 64))
        for distance in 0...radius {
            let mask = disc + distance * chunks
            if y >= distance, isHit(plane + (y - distance) * stride + word, shift, mask) { return true }
            if y + distance < height, isHit(plane + (y + distance) * stride + word, shift, mask) { return true }
        }
        return false
    }

    @inline(__always)
    private func isHit(_ line: UnsafePointer<UInt64>, _ shift: UInt64, _ mask: UnsafePointer<UInt64>) -> Bool {
        for chunk in 0..<chunks {
            let window = shift == 0 ? line[chunk] : line[chunk] >> shift | line[chunk + 1] << (64 - shift)
            if window & mask[chunk] != 0 { return true }
        }
        return false
    }
}
