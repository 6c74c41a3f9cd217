import Torch

/// The places where deformable attention's queries stand on every map: those of the maps' own pixels. Computed once for each size.
///
/// A map is sampled with a margin of zeros of two pixels around it, and samples further out are moved there: so every sample has four
/// pixels, and outside of the map both its value and its gradient are nothing.
package final class SamplingGrid: Sendable {
    /// Of a query's head: levels × points, S in the names of shapes.
    let samples: Int
    /// Rows of all maps with their margins.
    let rows: Int
    /// [height, width] of each map.
    private let maps: [[Int]]
    /// Q×1×S×2, in pixels of each map, x first; nil where offsets are places themselves.
    private let places: Tensor?
    /// L×1×2, x first.
    let sizes_L12: Tensor
    /// Where a sample is moved at least and at most, 0-dimensional and S×2.
    private let limits: (low: Tensor, high: Tensor)
    /// Rows from one line of a map with margins to the next, S.
    private let pitches: Tensor
    /// Rows of the four pixels around a map's first sample, 4×S.
    private let corners: Tensor

    private static let margin = 2

    /// - Parameters:
    ///   - maps: [height, width] of each map.
    ///   - points: that a head of a query reads of each map.
    ///   - hasPlaces: whether the queries are the maps' own pixels; else what is sampled says where each stands, in pixels of each map.
    package init(_ maps: [[Int]], points: Int = 4, hasPlaces: Bool = true, device: Device) {
        self.maps = maps
        samples = maps.count * points
        // The centre of pixel j of a map of width w lies at (j + ½) / w of every map.
        func centres(_ length: Int, _ axis: Int) -> Tensor {
            let place_N1 = ((Tensor.arange(0, length, dtype: .float64) + 0.5) / Double(length)).unsqueeze(1)
            return place_N1 * Tensor(maps.map { Double($0[axis]) }) - 0.5
        }
        func perMap() -> [Tensor] {
            maps.map { map in
                let shape = [map[0], map[1], maps.count]
                let x = centres(map[1], 1).unsqueeze(0).expand(shape)
                let y = centres(map[0], 0).unsqueeze(1).expand(shape)
                return Tensor.stack([x, y], 3).reshape(-1, maps.count, 2)
            }
        }
        /// One entry of each map to one of each sample; the maps are in dimension `axis`.
        func ofSamples(_ x: Tensor, _ axis: Int = 0) -> Tensor {
            var shape = x.shape
            shape.insert(points, at: axis + 1)
            return x.unsqueeze(axis + 1).expand(shape).flatten(axis, axis + 1).contiguous().to(device)
        }
        places = hasPlaces ? ofSamples(.concatenate(perMap()).to(.float32), 1).unsqueeze(1) : nil
        let sizes = Tensor(maps.flatMap { [Float($0[1]), Float($0[0])] }, shape: [maps.count, 2])
        sizes_L12 = sizes.unsqueeze(1).to(device)
        limits = (.full([], Double(-Self.margin), dtype: .float32, device: device), ofSamples(sizes))
        let pitch = maps.map { $0[1] + 2 * Self.margin }
        pitches = ofSamples(Tensor(pitch.map(Float.init)))
        var first = 0
        let firsts = zip(maps, pitch).map { map, pitch in
            defer { first += (map[0] + 2 * Self.margin) * pitch }
            return first + Self.margin * pitch + Self.margin
        }
        rows = first
        let steps = [0, 1].flatMap { y in [0, 1].map { x in zip(firsts, pitch).map { Int32($0 + y * $1 + x) } } }
        corners = ofSamples(Tensor(steps.flatMap { $0 }, shape: [4, maps.count]), 1)
    }

    /// The four pixels around samples, for some queries and heads: above left, above right, below left, below right.
    struct Corners {
        /// Q×H×4×S: rows of maps with margins, one head's after the other's.
        let rows: Tensor
        /// Q×H×4×S: what each pixel counts, the attention included.
        let weights: Tensor
        /// Q×H×S×2, x first: how far the sample is from the first pixel to the second.
        let fractions: Tensor
    }

    /// - Parameters:
    ///   - offsets_QHS2: float32, from the query's own place.
    ///   - attention_QHS: float32.
    ///   - queries: which of the grid's they are.
    func around(_ offsets_QHS2: Tensor, _ attention_QHS: Tensor, queries: Range<Int>) -> Corners {
        let heads = attention_QHS.size(1)
        let place = Self.clampOp(places.map { offsets_QHS2 + $0[queries] } ?? offsets_QHS2, limits.low, limits.high)
        // A sample that is nowhere (NaN) reads some pixel, with a weight that is no number either.
        let floor = Self.nanToNumber(place.floor(), 0.0)
        let fractions = place.sub_(floor)
        let row = Self.addcmulOp(floor[.all, .all, .all, 0], floor[.all, .all, .all, 1], pitches).to(.int32)
        if heads > 1 { row.add_(.arange(0, heads * rows, step: rows, dtype: .int32, device: row.device).unsqueeze(1)) }
        let (x, y) = (fractions[.all, .all, .all, 0], fractions[.all, .all, .all, 1])
        let below = attention_QHS * y
        let above = attention_QHS - below
        let (aboveRight, belowRight) = (above * x, below * x)
        let weights = Tensor.stack([above.sub_(aboveRight), aboveRight, below.sub_(belowRight), belowRight], 2)
        return Corners(rows: row.unsqueeze(2) + corners, weights: weights, fractions: fractions)
    }

    /// Maps of some heads N×H×D with margins: (H·rows)×D, head after head.
    func withMargins(_ values_NHD: Tensor) -> Tensor {
        let (heads, width) = (values_NHD.size(1), values_NHD.size(2))
        let padded = Tensor.zeros([heads, rows, width], dtype: .float32, device: values_NHD.device)
        for (inside, map) in zip(interiors(padded), split(values_NHD)) { inside.copy_(map) }
        return padded.view(heads * rows, width)
    }

    /// Writes what ``withMargins(_:)`` gives, without its margins, into `values_NHD`.
    func removeMargins(_ padded: Tensor, into values_NHD: Tensor) {
        let inside = interiors(padded.view(values_NHD.size(1), rows, values_NHD.size(2)))
        for (map, inside) in zip(split(values_NHD), inside) { map.copy_(inside) }
    }

    /// Views H×h×w×D of each map.
    private func split(_ values_NHD: Tensor) -> [Tensor] {
        zip(maps, values_NHD.split(maps.map { $0[0] * $0[1] }, 0)).map { map, part in
            part.view(map[0], map[1], part.size(1), part.size(2)).permute(2, 0, 1, 3)
        }
    }

    /// Views H×h×w×D of each map within its margins.
    private func interiors(_ padded_HRD: Tensor) -> [Tensor] {
        let margin = Self.margin
        let sizes = maps.map { ($0[0] + 2 * margin, $0[1] + 2 * margin) }
        return zip(sizes, padded_HRD.split(sizes.map { $0.0 * $0.1 }, 1)).map { size, part in
            part.view(part.size(0), size.0, size.1, part.size(2))[.all, margin..<size.0 - margin, margin..<size.1 - margin]
        }
    }

    private static let clampOp = Operator("aten::clamp.Tensor")
    private static let addcmulOp = Operator("aten::addcmul")
    private static let nanToNumber = Operator("aten::nan_to_num_")
}
