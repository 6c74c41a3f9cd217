import Foundation
import SegData
import Support
import Vision

/// Panoptic quality of files in COCO's panoptic format, as panopticapi computes it, on all cores.
public struct PanopticEvaluation: Sendable {
    private let truth: COCOPanopticFile
    private let pairs: [(truth: PanopticAnnotation, prediction: PanopticAnnotation)]
    private let truthFolder: URL
    private let predictionFolder: URL
    private let categories: [Int: COCOCategory]

    /// - Parameters:
    ///   - truthFolder, predictionFolder: with the PNGs; named like the JSON file without its extension unless given.
    /// - Throws: `UserError` naming the file for what ``COCOPanopticFile`` refuses, for an image without a prediction, for a predicted
    ///   category that the truth does not have, and for categories that are not said to be things or stuff.
    public init(truth: URL, predictions: URL, truthFolder: URL? = nil, predictionFolder: URL? = nil) throws {
        self.truth = try COCOPanopticFile(contentsOf: truth)
        let predicted = try COCOPanopticFile(contentsOf: predictions)
        self.truthFolder = truthFolder ?? truth.deletingPathExtension()
        self.predictionFolder = predictionFolder ?? predictions.deletingPathExtension()
        guard !self.truth.categories.isEmpty else { throw UserError("\(truth.path): expected a list of categories, found none") }
        if let category = self.truth.categories.first(where: { $0.isThing == nil }) {
            throw UserError("\(truth.path): category \(category.id) does not say whether it is a thing: expected 'isthing' of 0 or 1")
        }
        categories = Dictionary(uniqueKeysWithValues: self.truth.categories.map { ($0.id, $0) })
        let byImage = Dictionary(predicted.annotations.map { ($0.image, $0) }, uniquingKeysWith: { first, _ in first })
        pairs = try self.truth.annotations.map { annotation in
            guard let prediction = byImage[annotation.image] else {
                throw UserError(
                    "\(predictions.path): expected a prediction for image \(annotation.image), found none",
                    hint: "A network that saw nothing writes an empty list of segments and a black picture.")
            }
            return (annotation, prediction)
        }
        for (file, annotations) in [(truth, pairs.map(\.truth)), (predictions, pairs.map(\.prediction))] {
            for annotation in annotations {
                if let segment = annotation.segments.first(where: { categories[$0.category] == nil }) {
                    throw UserError(
                        "\(file.path): segment \(segment.id) of image \(annotation.image) has the category \(segment.category), "
                            + "which is not in the truth's list")
                }
            }
        }
    }

    public var count: Int { pairs.count }

    /// - Parameter progress: called with the number of images done, from any thread.
    /// - Throws: `UserError` naming the picture that cannot be read, has another size, or other segments than its list.
    public func run(
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, progress: (@Sendable (Int) -> Void)? = nil
    ) throws -> PanopticQuality {
        let counts = try concurrentMap(pairs.count, threads: min(threads, max(1, pairs.count)), progress: progress) { index in
            try count(pairs[index].truth, pairs[index].prediction)
        }
        var tallies: [Int: PanopticTally] = [:]
        for count in counts { tallies.merge(count) { $0 + $1 } }
        let classes = truth.categories.sorted { $0.id < $1.id }.map { category in
            let tally = tallies[category.id] ?? PanopticTally()
            return PanopticQuality.Class(
                id: category.id, name: category.name, isThing: category.isThing!, found: tally.found, wrong: tally.wrong,
                missed: tally.missed, scores: tally.scores)
        }
        return PanopticQuality(
            all: Self.mean(classes), things: Self.mean(classes.filter(\.isThing)), stuff: Self.mean(classes.filter { !$0.isThing }),
            classes: classes, images: pairs.count)
    }

    private static func mean(_ classes: [PanopticQuality.Class]) -> PanopticQuality.Scores? {
        let scores = classes.compactMap(\.scores)
        guard !scores.isEmpty else { return nil }
        func mean(_ value: (PanopticQuality.Scores) -> Double) -> Double { scores.reduce(0) { $0 + value($1) } / Double(scores.count) }
        return PanopticQuality.Scores(
            panopticQuality: mean(\.panopticQuality), segmentationQuality: mean(\.segmentationQuality),
            recognitionQuality: mean(\.recognitionQuality))
    }

    private func count(_ truth: PanopticAnnotation, _ prediction: PanopticAnnotation) throws -> [Int: PanopticTally] {
        let files = (truthFolder.appendingPathComponent(truth.fileName), predictionFolder.appendingPathComponent(prediction.fileName))
        let maps = (try Self.ids(files.0), try Self.ids(files.1))
        guard maps.0.width == maps.1.width, maps.0.height == maps.1.height else {
            throw UserError(
                "\(files.1.path): expected \(maps.0.width)×\(maps.0.height) pixels like the truth, found \(maps.1.width)×\(maps.1.height)")
        }
        return PanopticCounter(
            truth: try SegmentMap(maps.0, truth.segments, name: files.0.path),
            prediction: try SegmentMap(maps.1, prediction.segments, name: files.1.path)
        ).tallies
    }

    /// The ids in a PNG's colours: red + 256 green + 65536 blue.
    private static func ids(_ url: URL) throws -> Raster<UInt32> {
        let image = try Image(contentsOf: url)
        guard image.channels == 3 else { throw UserError("\(url.path): expected a colour PNG with segment ids, found a grey one") }
        var ids = Raster<UInt32>(width: image.width, height: image.height)
        image.pixels.withUnsafeBufferPointer { pixels in
            for index in ids.values.indices {
                ids.values[index] = UInt32(pixels[3 * index]) | UInt32(pixels[3 * index + 1]) << 8 | UInt32(pixels[3 * index + 2]) << 16
            }
        }
        return ids
    }
}
