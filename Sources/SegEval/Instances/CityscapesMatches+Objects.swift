import SegData
import Vision

extension CityscapesMatches {
    /// Of objects in memory, whose classes may be any: those of a network that was trained on them.
    ///
    /// - Parameters:
    ///   - objects: the image's; crowds are groups.
    ///   - void: pixels of no object that no detection is blamed for; nil: there are none.
    ///   - detections: with the same classes.
    ///   - classes: how many there are.
    public init(_ objects: [Instance], void: RunLengthMask?, detections found: [ScoredInstance], classes: Int) {
        truths = .init(repeating: [], count: classes)
        detections = .init(repeating: [], count: classes)
        var masks = [[MeasuredMask]](repeating: [], count: classes)
        for object in objects where !object.mask.isEmpty {
            let mask = MeasuredMask(object.mask)
            truths[object.category].append(Truth(isGroup: object.isCrowd, pixels: mask.area))
            masks[object.category].append(mask)
        }
        // A group may be void in the labels; it is not counted twice.
        let void = void.map { MeasuredMask(objects.reduce($0) { $0.subtracting($1.mask) }) }
        for detection in found {
            let mask = MeasuredMask(detection.mask)
            guard mask.area > 0 else { continue }
            let shared = masks[detection.category].enumerated().compactMap { number, truth in
                let pixels = mask.sharedPixels(truth)
                return pixels > 0 ? (truth: number, pixels: pixels) : nil
            }
            detections[detection.category].append(
                Detection(
                    confidence: detection.score, pixels: mask.area, void: void.map { mask.sharedPixels($0) } ?? 0, shared: shared))
        }
    }
}
