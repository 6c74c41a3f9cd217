import SegData
import Support
import Vision

/// Compares the segments of one image.
struct PanopticCounter {
    /// Counts by category id.
    private(set) var tallies: [Int: PanopticTally] = [:]

    /// - Parameters:
    ///   - truth, prediction: each pixel's segment id, 0 where there is none, and the segments; the areas are those of the maps.
    init(truth: SegmentMap, prediction: SegmentMap) {
        let shared = Self.shared(truth, prediction)
        let columns = prediction.areas.count
        func pixels(_ truth: Int, _ prediction: Int) -> Int { shared[truth * columns + prediction] }
        var (foundTruths, foundPredictions): (Set<Int>, Set<Int>) = ([], [])
        for (t, segment) in truth.segments.enumerated() where !segment.isCrowd {
            for (p, other) in prediction.segments.enumerated() where other.category == segment.category {
                let both = pixels(t + 1, p + 1)
                guard both > 0 else { continue }
                let union = truth.areas[t + 1] + prediction.areas[p + 1] - both - pixels(0, p + 1)
                let overlap = Double(both) / Double(union)
                guard overlap > 0.5 else { continue }
                tallies[segment.category, default: PanopticTally()].found += 1
                tallies[segment.category]!.overlap += overlap
                foundTruths.insert(t)
                foundPredictions.insert(p)
            }
        }
        var crowds: [Int: Int] = [:]
        for (t, segment) in truth.segments.enumerated() where !foundTruths.contains(t) {
            if segment.isCrowd {
                crowds[segment.category] = t
            } else {
                tallies[segment.category, default: PanopticTally()].missed += 1
            }
        }
        for (p, segment) in prediction.segments.enumerated() where !foundPredictions.contains(p) {
            let forgiven = pixels(0, p + 1) + (crowds[segment.category].map { pixels($0 + 1, p + 1) } ?? 0)
            if Double(forgiven) / Double(prediction.areas[p + 1]) > 0.5 { continue }
            tallies[segment.category, default: PanopticTally()].wrong += 1
        }
    }

    /// Pixels by segment of the truth and of the prediction, each counted from 1; 0 is none.
    private static func shared(_ truth: SegmentMap, _ prediction: SegmentMap) -> [Int] {
        let columns = prediction.areas.count
        var counts = [Int](repeating: 0, count: truth.areas.count * columns)
        for (t, p) in zip(truth.places.values, prediction.places.values) { counts[Int(t) * columns + Int(p)] += 1 }
        return counts
    }
}

/// The segments of an image and where they are.
struct SegmentMap {
    let segments: [PanopticSegment]
    /// Of each pixel the place of its segment in `segments`, from 1; 0 for none.
    let places: Raster<UInt32>
    /// Pixels by place.
    let areas: [Int]

    /// - Parameter ids: of each pixel its segment's id, 0 for none.
    /// - Throws: `UserError` naming the file when map and list do not have the same segments.
    init(_ ids: Raster<UInt32>, _ segments: [PanopticSegment], name: String) throws {
        var table = [UInt32: UInt32](minimumCapacity: segments.count + 1)
        table[0] = 0
        for (index, segment) in segments.enumerated() {
            guard let id = UInt32(exactly: segment.id), id > 0, table.updateValue(UInt32(index + 1), forKey: id) == nil else {
                throw UserError("\(name): the list has the segment \(segment.id) twice, or as 0 or less")
            }
        }
        var places = ids
        var areas = [Int](repeating: 0, count: segments.count + 1)
        var (last, place) = (UInt32(0), UInt32(0))
        for index in ids.values.indices {
            let id = ids.values[index]
            if id != last {
                guard let known = table[id] else { throw UserError("\(name): the picture has a segment \(id) that its list has not") }
                (last, place) = (id, known)
            }
            places.values[index] = place
            areas[Int(place)] += 1
        }
        if let missing = segments.indices.first(where: { areas[$0 + 1] == 0 }) {
            throw UserError("\(name): the list has a segment \(segments[missing].id) that has no pixel in the picture")
        }
        (self.segments, self.places, self.areas) = (segments, places, areas)
    }
}
