import Foundation
import SegData
import Support
import Vision

/// COCO's evaluation of detections: the numbers of pycocotools, on all cores.
public struct COCOEvaluator: Sendable {
    let truth: COCOFile
    let detections: [COCOAnnotation]
    let region: COCOScores.Region
    /// The boundary's width as a share of the image's diagonal.
    let dilation: Double
    /// Whether detections bring boxes: their areas then decide whether a detection is small, as in pycocotools.
    let hasBoxes: Bool
    private let categories: [COCOCategory]
    private let images: [COCOImage]

    /// - Parameters:
    ///   - detections: from ``COCOFile/results(contentsOf:)``, in the file's order, which decides between equal scores.
    ///   - dilation: the boundary's width as a share of the image's diagonal.
    /// - Throws: `UserError` for an object without what `region` compares, and for scores that are no numbers.
    public init(truth: COCOFile, detections: [COCOAnnotation], region: COCOScores.Region, dilation: Double = 0.02) throws {
        self.truth = truth
        self.detections = detections
        self.region = region
        self.dilation = dilation
        hasBoxes = detections.first?.box != nil
        categories = truth.categories.sorted { $0.id < $1.id }
        images = truth.images.sorted { $0.id < $1.id }
        for annotation in truth.annotations { try check(annotation, "annotation") }
        for detection in detections { try check(detection, "detection") }
    }

    private func check(_ item: COCOAnnotation, _ kind: String) throws {
        if region != .box, item.segmentation == .none {
            throw UserError(
                "\(kind) \(item.id) has no mask; masks were to be compared", hint: "Compare boxes, or add a segmentation to each.")
        }
        if kind == "detection", (item.box != nil) != hasBoxes {
            throw UserError(
                "detection \(item.id) has \(hasBoxes ? "no" : "a") bbox, unlike the first",
                hint: "Either all detections have a bbox or none has: it decides which count as small.")
        }
        if region == .box, item.box == nil, item.segmentation == .none {
            throw UserError("\(kind) \(item.id) has neither a box nor a mask")
        }
    }

    /// - Parameter threads: as many as there are cores unless given.
    public func run(threads: Int = ProcessInfo.processInfo.activeProcessorCount) -> COCOScores {
        let places = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1.id, $0) })
        let numbers = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1.id, $0) })
        func key(_ item: COCOAnnotation) -> Int? {
            guard let category = numbers[item.category], let image = places[item.image] else { return nil }
            return category * images.count + image
        }
        let truths = COCOObjects(truth.annotations, key: key)
        let found = COCOObjects(detections, key: key)
        let groups = COCOGroup.all(truths, found, images: images.count)
        let matches = parallel(groups.count, chunk: 64, threads) { match(groups[$0], truths, found) }

        let ranges = COCOGroup.ranges(groups, categories: categories.count)
        let curves = parallel(categories.count, chunk: 1, threads) { COCOCurves(matches[ranges[$0]]) }
        let unknown = Dictionary(grouping: detections.lazy.filter { numbers[$0.category] == nil }, by: \.category).mapValues(\.count)
        return COCOScores(
            region: region, summary: COCOSummary(curves),
            categories: zip(categories, curves).map { COCOScores.Category($0, $1) }, unknownCategories: unknown)
    }

    private func match(_ group: COCOGroup, _ truths: COCOObjects, _ found: COCOObjects) -> COCOMatches {
        var result = COCOMatches(category: group.category)
        let image = images[group.image]
        var best = group.detections.map { Int(found.order[$0]) }
        let scores = best.map { detections[$0].score ?? 0 }
        best = best.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(COCOProtocol.mostDetections).map { best[$0] }
        result.scores = best.map { detections[$0].score ?? 0 }
        let objects = group.truths.map { truth.annotations[Int(truths.order[$0])] }
        let regions = COCORegions(evaluator: self, width: image.width, height: image.height)
        let matcher = COCOMatcher(
            truths: objects.map { COCOMatcher.Truth(area: regions.area($0), isCrowd: $0.isCrowd) },
            detectionAreas: best.map { regions.detectionArea(detections[$0]) },
            overlaps: best.isEmpty || objects.isEmpty ? [] : regions.overlaps(best.map { detections[$0] }, objects))
        matcher.match(into: &result)
        return result
    }

    /// `body` of 0..<count, in chunks that the threads take in turn.
    private func parallel<Value: Sendable>(_ count: Int, chunk: Int, _ threads: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
        let chunks = (count + chunk - 1) / chunk
        // Nothing in it can fail.
        let parts = try! concurrentMap(chunks, threads: min(threads, max(1, chunks))) { part in
            (part * chunk..<min(count, (part + 1) * chunk)).map(body)
        }
        return parts.flatMap { $0 }
    }
}

/// The areas and overlaps of the objects of one image.
struct COCORegions {
    let evaluator: COCOEvaluator
    let width: Int
    let height: Int

    /// The truth's own where the file has it.
    func area(_ item: COCOAnnotation) -> Double {
        if let area = item.area { return area }
        if item.segmentation != .none { return Double(mask(item).area) }
        return item.box.map { $0.width * $0.height } ?? 0
    }

    func detectionArea(_ item: COCOAnnotation) -> Double {
        if evaluator.hasBoxes { return item.box.map { $0.width * $0.height } ?? 0 }
        return Double(mask(item).area)
    }

    /// IoU by detection and truth.
    func overlaps(_ detections: [COCOAnnotation], _ truths: [COCOAnnotation]) -> [Double] {
        guard evaluator.region != .box else {
            let boxes = truths.map { $0.box ?? Box(mask($0)) }
            return detections.flatMap { detection in
                let box = detection.box ?? Box(mask(detection))
                return zip(boxes, truths).map { box.iou($0, crowd: $1.isCrowd) }
            }
        }
        let masks = (detections.map { MeasuredMask(mask($0)) }, truths.map { MeasuredMask(mask($0)) })
        var overlaps = masks.0.flatMap { detection in zip(masks.1, truths).map { detection.iou($0, crowd: $1.isCrowd) } }
        guard evaluator.region == .boundary else { return overlaps }
        let distance = Self.distance(evaluator.dilation, width, height)
        // Most pairs do not meet; an outline is made for those that do.
        var outlines: (detections: [MeasuredMask?], truths: [MeasuredMask?]) = (
            .init(repeating: nil, count: detections.count), .init(repeating: nil, count: truths.count)
        )
        for index in overlaps.indices where overlaps[index] > 0 && !truths[index % truths.count].isCrowd {
            let (d, t) = (index / truths.count, index % truths.count)
            let mine = outlines.detections[d] ?? MeasuredMask(masks.0[d].mask.boundary(width: distance))
            let theirs = outlines.truths[t] ?? MeasuredMask(masks.1[t].mask.boundary(width: distance))
            (outlines.detections[d], outlines.truths[t]) = (mine, theirs)
            overlaps[index] = min(overlaps[index], mine.iou(theirs, crowd: false))
        }
        return overlaps
    }

    /// The width of a boundary in pixels, at least one.
    static func distance(_ dilation: Double, _ width: Int, _ height: Int) -> Int {
        let diagonal = Double(height * height + width * width).squareRoot()
        return max(1, Int((dilation * diagonal).rounded(.toNearestOrEven)))
    }

    private func mask(_ item: COCOAnnotation) -> RunLengthMask { item.segmentation.mask(width: width, height: height) }
}
