import Foundation
import SegData
import Support
import Vision

/// The images of an evaluation of objects, with what was found in each told right from wrong.
public struct JudgedObjects: Sendable {
    public let images: [JudgedImage]
    public let classes: [String]
    /// The score, of 0.01, 0.02, … 0.99, from which on the detections' F1 is greatest; of equal ones the highest.
    public let threshold: Double

    /// - Parameter detections: from the images and of the categories of `truth`.
    public init(truth: COCOFile, detections: [COCOAnnotation]) {
        classes = truth.categories.map(\.name)
        let categories = Dictionary(uniqueKeysWithValues: truth.categories.enumerated().map { ($1.id, $0) })
        let places = truth.annotationsByImage
        let found = Dictionary(grouping: detections, by: \.image)
        // Nothing in it can fail.
        let judged = try! concurrentMap(
            truth.images.count, threads: min(ProcessInfo.processInfo.activeProcessorCount, max(1, truth.images.count))
        ) { index in
            let image = truth.images[index]
            func mask(_ item: COCOAnnotation) -> RunLengthMask { item.segmentation.mask(width: image.width, height: image.height) }
            return JudgedImage(
                id: image.id, name: image.name ?? image.fileName,
                truths: places[index].compactMap { place in
                    let item = truth.annotations[place]
                    return categories[item.category].map { .init(category: $0, mask: mask(item), isCrowd: item.isCrowd) }
                },
                detections: found[image.id, default: []].compactMap { item in
                    categories[item.category].map { .init(category: $0, score: item.score ?? 0, mask: mask(item)) }
                })
        }
        images = judged
        threshold = Self.bestThreshold(judged)
    }

    /// Of COCO's files.
    /// - Throws: `UserError` naming the file that cannot be read.
    public init(truth: URL, results: URL) throws {
        let file = try COCOFile(contentsOf: truth)
        self.init(truth: file, detections: try file.results(contentsOf: results))
    }

    private static func bestThreshold(_ images: [JudgedImage]) -> Double {
        func quality(_ threshold: Double) -> Double {
            let counts = images.map { $0.counts(threshold: threshold) }
            let (right, others) = counts.reduce((0, 0)) { ($0.0 + $1.right, $0.1 + $1.wrong + $1.missed) }
            return right + others == 0 ? 0 : Double(2 * right) / Double(2 * right + others)
        }
        let all = (1...99).map { hundredths in (threshold: Double(hundredths) / 100, quality: quality(Double(hundredths) / 100)) }
        return all.max { ($0.quality, $0.threshold) < ($1.quality, $1.threshold) }!.threshold
    }

    /// The images in falling order of their quality, without those that have neither objects nor detections; of equal ones first that with
    /// more that is right, last that with more that is not.
    public var ranked: [(image: JudgedImage, quality: Double)] {
        let scored = images.compactMap { image in
            image.quality(threshold: threshold).map { quality in
                let counts = image.counts(threshold: threshold)
                return (image: image, quality: quality, balance: counts.right - counts.wrong - counts.missed)
            }
        }
        let sorted = scored.sorted { ($1.quality, $1.balance, $0.image.name) < ($0.quality, $0.balance, $1.image.name) }
        return sorted.map { (image: $0.image, quality: $0.quality) }
    }

    /// Images that are looked at: this many of the worst and of the best, and half as many in between.
    private static let pictureCount = 4

    /// The worst images, the worst first, those in the middle, and the best, the best first; none is there twice.
    public var chosen: [(kind: Kind, images: [JudgedImage])] {
        let all = ranked.map(\.image)
        let worst = min(Self.pictureCount, all.count / 2)
        let best = min(Self.pictureCount, all.count - worst)
        let others = all[best..<all.count - worst]
        let middle = min(Self.pictureCount / 2, others.count)
        let start = others.startIndex + (others.count - middle) / 2
        return [
            (.worst, all.suffix(worst).reversed()), (.middle, Array(others[start..<start + middle])), (.best, Array(all.prefix(best))),
        ]
    }

    /// Where among all images some are.
    public enum Kind: String, Sendable { case worst, middle, best }

    /// Writes `KIND-RANK-NAME.png` of the chosen images: image, true objects and found ones. The folder is made where there is none.
    /// - Parameter image: reads an image's pixels.
    public func writePictures(to folder: URL, image: (JudgedImage) throws -> Image) throws {
        for (kind, images) in chosen {
            for (rank, judged) in images.enumerated() {
                let picture = ObjectPicture(try image(judged), classes: classes).tiles([(judged, threshold)])
                try ScorePicture.write(picture, kind: kind.rawValue, rank: rank + 1, name: judged.name, to: folder)
            }
        }
    }
}
