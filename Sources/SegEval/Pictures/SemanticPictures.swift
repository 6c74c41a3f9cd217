import Foundation
import SegData
import Support
import Vision

/// Writes pictures of the best and the worst images of a report and, with second predictions, of the largest gains and losses over them.
public struct SemanticPictures {
    private let pairs: LabelPairs
    private let report: SemanticReport
    private let reader: LabelPairReader
    private let photographs: PhotographFolder?
    /// Images of each kind.
    private static let count = 4

    public init(_ pairs: LabelPairs, _ report: SemanticReport, reader: LabelPairReader, _ photographs: PhotographFolder? = nil) {
        self.pairs = pairs
        self.report = report
        self.reader = reader
        self.photographs = photographs
    }

    /// Writes `worst-1-NAME.png` and so on; the number is the rank. The folder is made where there is none.
    public func write(to folder: URL) throws {
        let ranked = report.images.ranked(by: { $0.scores.meanIoU })
        try write(ranked.prefix(Self.count), "best", to: folder)
        try write(ranked.suffix(Self.count).reversed(), "worst", to: folder)
        guard !report.others.isEmpty else { return }
        let gains = report.images.gains(over: report.others)
        try write(gains.filter { $0.score > 0 }.prefix(Self.count), "gain", to: folder)
        try write(gains.filter { $0.score < 0 }.suffix(Self.count).reversed(), "loss", to: folder)
    }

    private func write(_ images: some Sequence<RankedImage>, _ kind: String, to folder: URL) throws {
        for (rank, image) in images.enumerated() {
            guard let pair = pairs.pairs.first(where: { $0.name == image.name }) else { continue }
            let (prediction, truth, other) = try reader.read(pair)
            let picture = ScorePicture.tiles(
                image: try photographs?.image(image.name, width: truth.width, height: truth.height), truth: truth, prediction: prediction,
                other: other, palette: report.classes.palette)
            try ScorePicture.write(picture, kind: kind, rank: rank + 1, name: image.name, to: folder)
        }
    }
}

extension ScorePicture {
    /// Writes `KIND-RANK-NAME.png`; the folder is made where there is none.
    public static func write(_ picture: Image, kind: String, rank: Int, name: String, to folder: URL) throws {
        let flat = String(name.map { $0 == "/" ? "_" : $0 })
        try LabelFolder.write(PNG.encode(picture), named: "\(kind)-\(rank)-\(flat)", in: folder)
    }
}

/// Photographs that belong to label maps by name.
public struct PhotographFolder: Sendable {
    private let listing: FolderListing

    /// - Throws: `UserError` when the folder is missing or lacks one of `names`.
    public init(_ folder: URL, names: [String]) throws {
        listing = try FolderListing(folder, extensions: ["png", "jpg", "jpeg"], suffix: "")
        let missing = names.filter { [listing] name in listing[name] == nil }
        guard missing.isEmpty else {
            throw UserError("\(folder.path): \(missing.count) photographs are missing, such as \(missing[0])")
        }
    }

    func image(_ name: String, width: Int, height: Int) throws -> Image? {
        guard let url = listing[name] else { return nil }
        let image = try Image(contentsOf: url).rgb
        guard image.width == width, image.height == height else {
            throw UserError("\(url.path): expected a photograph of \(width)×\(height) as its labels, found \(image.width)×\(image.height)")
        }
        return image
    }
}
