import Foundation
import Runs
import SegEval
import Support
import Vision

/// Samples to look at: image, truth, each arm's prediction, and what distillation changed.
struct PictureSection: Sendable {
    let arms: [Arm]
    let colors: [String: Int]

    /// Samples shown at once, and of each domain where there are several; the others are in a fold.
    private static let open = (all: 4, ofDomain: 2)

    private struct Prediction {
        let arm: Arm
        let labels: LabelMap
    }

    /// Empty when no run has pictures.
    /// - Throws: `UserError` naming the picture file that is missing or damaged, or does not fit its image.
    func html() throws -> String {
        let sources = try arms.compactMap(source)
        guard let first = sources.first else { return "" }
        let palette = Palette(first.index.classes.map { RGB($0.color[0], $0.color[1], $0.color[2]) })
        let domains = first.index.pictures.map(\.domain).reduce(into: [String?]()) { if !$0.contains($1) { $0.append($1) } }
        let samples = try domains.map { domain in
            let entries = first.index.pictures.filter { $0.domain == domain }
            let shown = try entries.map { try sample($0, sources, palette) }
            if domains.count == 1 { return PictureTiles.opened(shown, Self.open.all) }
            return "<h3>\(escaped(domain ?? "\(arms[0].info.dataset), the source"))</h3>" + PictureTiles.opened(shown, Self.open.ofDomain)
        }
        let legend = first.index.classes.map { "<li>\(swatch($0.color))\(escaped($0.name))</li>" }.joined()
        let unlabelled = "<li>\(swatch([0, 0, 0]))not labelled</li>"
        let changes =
            sources.contains { $0.arm.isPlain } && sources.contains { $0.arm.isDistilled }
            ? "Changes: <span class=\"up\">■</span> the plain student is wrong and the distilled one right, "
                + "<span class=\"down\">■</span> the other way round, <span class=\"soft\">■</span> both wrong. " : ""
        return "<h2>Pictures</h2><p class=\"note\">\(changes)Point at a prediction to see the image through it. "
            + "Figures are the picture’s own mIoU.</p><ul class=\"legend\">\(legend)\(unlabelled)</ul>"
            + samples.joined()
    }

    private typealias Source = (arm: Arm, folder: RunFolder, index: PictureIndex)

    /// The arm's first run that has pictures.
    private func source(_ arm: Arm) throws -> Source? {
        for run in arm.runs {
            if var index = try run.folder.readPictureIndex() {
                index.pictures.removeAll { $0.prediction == nil }
                if !index.pictures.isEmpty { return (arm, run.folder, index) }
            }
        }
        return nil
    }

    private func sample(_ entry: PictureIndex.Entry, _ sources: [Source], _ palette: Palette) throws -> String {
        let files = try sources[0].folder.readPicture(entry)
        let name = sources[0].folder.pictures.path + "/"
        let image = try Image(decoding: [UInt8](files.image), name: name + entry.image).rgb.fitting(longerSide: PictureTiles.side)
        func labels(_ data: Data, _ file: String) throws -> LabelMap {
            let map: LabelMap = try PNG.decodeValues([UInt8](data), name: file)
            return map.resized(width: image.width, height: image.height)
        }
        let truth = try files.truth.map { try labels($0, name + (entry.truth ?? "")) }
        let predictions = try sources.compactMap { source -> Prediction? in
            guard let own = source.index.pictures.first(where: { $0.sample == entry.sample && $0.domain == entry.domain }),
                let data = try source.folder.readPicture(own).prediction
            else { return nil }
            let file = source.folder.pictures.appendingPathComponent(own.prediction ?? "").path
            return Prediction(arm: source.arm, labels: try labels(data, file))
        }

        var tiles = [tile("image", nil, nil)]
        if let truth { tiles.append(try tile("truth", nil, truth, palette)) }
        let plain = predictions.first { $0.arm.isPlain }
        for prediction in predictions {
            let score = truth.map { Scores(confusion: confusion($0, prediction.labels, palette.colors.count)).meanIoU }
            tiles.append(try tile(prediction.arm.name, prediction.arm, prediction.labels, palette, score))
            guard prediction.arm.isDistilled, let plain, let truth else { continue }
            let picture = ScorePicture.changes(image, truth, from: plain.labels, to: prediction.labels)
            let uri = dataURI(try JPEG.encode(picture, quality: 82), type: "image/jpeg")
            tiles.append(tile("changes by \(prediction.arm.name)", nil, "<img class=\"changes\" alt=\"changes\" src=\"\(uri)\">"))
        }
        return try PictureTiles.sample(entry.sample, image, tiles)
    }

    private func tile(
        _ caption: String, _ arm: Arm?, _ labels: LabelMap, _ palette: Palette, _ score: Double? = nil
    ) throws -> String {
        let uri = dataURI(try PNG.encode(labels, palette: palette), type: "image/png")
        let right = score.map { $0.isFinite ? percentage($0) : "–" }
        return tile(caption, arm, "<img class=\"labels\" alt=\"\(escaped(caption))\" src=\"\(uri)\">", right)
    }

    private func tile(_ caption: String, _ arm: Arm?, _ content: String?, _ right: String? = nil) -> String {
        PictureTiles.tile(caption, color: arm.map { colors[$0.name] ?? 0 }, content, right)
    }

    private func confusion(_ truth: LabelMap, _ predicted: LabelMap, _ classes: Int) -> [[Int64]] {
        var flat = [Int64](repeating: 0, count: classes * classes)
        for (label, guess) in zip(truth.values, predicted.values) where Int(label) < classes && Int(guess) < classes {
            flat[Int(label) * classes + Int(guess)] += 1
        }
        return (0..<classes).map { Array(flat[$0 * classes..<($0 + 1) * classes]) }
    }
}
