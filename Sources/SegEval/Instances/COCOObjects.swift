import SegData
import Support
import Vision

/// Truths or detections as the evaluation needs them, in the order of category, image and file.
struct COCOObjects {
    /// Into the list of annotations.
    private(set) var order: [Int32] = []
    /// Category × images + image, by `order`.
    private(set) var keys: [Int] = []

    /// - Parameters:
    ///   - key: of an annotation; nil leaves it out.
    init(_ annotations: [COCOAnnotation], key: (COCOAnnotation) -> Int?) {
        var pairs: [(key: Int, index: Int32)] = []
        pairs.reserveCapacity(annotations.count)
        for (index, annotation) in annotations.enumerated() {
            if let key = key(annotation) { pairs.append((key, Int32(index))) }
        }
        pairs.sort { ($0.key, $0.index) < ($1.key, $1.index) }
        order = pairs.map(\.index)
        keys = pairs.map(\.key)
    }
}

/// The truths and detections of one category in one image, as ranges of the two lists.
struct COCOGroup {
    let category: Int
    let image: Int
    let truths: Range<Int>
    let detections: Range<Int>

    /// All groups that are not empty, by category and image.
    static func all(_ truths: COCOObjects, _ detections: COCOObjects, images: Int) -> [COCOGroup] {
        var groups: [COCOGroup] = []
        var (t, d) = (0, 0)
        while t < truths.keys.count || d < detections.keys.count {
            let key = min(t < truths.keys.count ? truths.keys[t] : .max, d < detections.keys.count ? detections.keys[d] : .max)
            let (firstTruth, firstDetection) = (t, d)
            while t < truths.keys.count, truths.keys[t] == key { t += 1 }
            while d < detections.keys.count, detections.keys[d] == key { d += 1 }
            groups.append(
                COCOGroup(category: key / images, image: key % images, truths: firstTruth..<t, detections: firstDetection..<d))
        }
        return groups
    }
}

extension COCOGroup {
    /// Where the groups of each category are in `groups`; they follow one another, by image.
    static func ranges(_ groups: [COCOGroup], categories: Int) -> [Range<Int>] {
        var ranges = [Range<Int>](repeating: 0..<0, count: categories)
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end].category == groups[start].category { end += 1 }
            ranges[groups[start].category] = start..<end
            start = end
        }
        return ranges
    }
}

/// An object's mask with what comparing it needs.
struct MeasuredMask {
    let mask: RunLengthMask
    let area: Int
    /// Columns and rows; empty ranges for an empty mask.
    private let columns: Range<Int>
    private let rows: Range<Int>

    init(_ mask: RunLengthMask) {
        self.mask = mask
        area = mask.area
        (columns, rows) = mask.extent ?? (0..<0, 0..<0)
    }

    /// As ``RunLengthMask/iou(_:crowd:)``; masks whose boxes are apart are not looked at.
    func iou(_ other: MeasuredMask, crowd: Bool) -> Double {
        let shared = sharedPixels(other)
        guard shared > 0 else { return 0 }
        return Double(shared) / Double(crowd ? area : area + other.area - shared)
    }

    /// As ``RunLengthMask/intersectionArea(_:)``, likewise.
    func sharedPixels(_ other: MeasuredMask) -> Int {
        columns.overlaps(other.columns) && rows.overlaps(other.rows) ? mask.intersectionArea(other.mask) : 0
    }
}

extension Box {
    /// Intersection over union, or over this box's own area when `other` is a crowd.
    func iou(_ other: Box, crowd: Bool) -> Double {
        let shared = (
            min(width + x, other.width + other.x) - max(x, other.x), min(height + y, other.height + other.y) - max(y, other.y)
        )
        guard shared.0 > 0, shared.1 > 0 else { return 0 }
        let intersection = shared.0 * shared.1
        let (mine, theirs) = (width * height, other.width * other.height)
        return intersection / (crowd ? mine : mine + theirs - intersection)
    }
}
