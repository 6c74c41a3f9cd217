import Foundation
import SegData
import SegEval
import Support
import Vision

/// Pictures of images that evaluations have scored, from the data set and the label maps that the evaluations left.
struct EvaluationPictures {
    let dataset: any Dataset
    /// Folders of label maps by the samples' names.
    let predictions: URL
    /// Those of a second network, towards which changes are shown from it to the first.
    var reference: URL?
    /// Images of each kind.
    static let count = 4

    /// Writes `KIND-RANK-NAME.png` for the first of the images.
    func write(_ images: some Sequence<RankedImage>, _ kind: String, to folder: URL) throws {
        let indices = Dictionary((0..<dataset.count).map { (dataset.name($0), $0) }, uniquingKeysWith: { first, _ in first })
        for (rank, image) in images.prefix(Self.count).enumerated() {
            guard let index = indices[image.name] else { throw UserError(imageGone: image.name) }
            let sample = try dataset.sample(index)
            guard let truth = sample.labels else { continue }
            let picture = ScorePicture.tiles(
                image: sample.image, truth: truth, prediction: try map(predictions, image.name, truth),
                other: try reference.map { try map($0, image.name, truth) }, palette: dataset.classes.palette)
            try ScorePicture.write(picture, kind: kind, rank: rank + 1, name: image.name, to: folder)
        }
    }

    private func map(_ folder: URL, _ name: String, _ truth: LabelMap) throws -> LabelMap {
        let file = try LabelFolder.file(name, in: folder)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw UserError("there is no prediction \(file.path)", hint: "Older runs kept none: run segdistill evaluate on them again.")
        }
        let map = try LabelMap(contentsOf: file)
        guard map.width == truth.width, map.height == truth.height else {
            throw UserError("\(file.path): expected \(truth.width)×\(truth.height) as the labels, found \(map.width)×\(map.height)")
        }
        return map
    }
}
