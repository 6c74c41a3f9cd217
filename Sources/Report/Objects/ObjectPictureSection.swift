import Runs
import SegEval
import Support
import Vision

/// The worst, middle and best images of an evaluation of objects: the true ones, and what each arm found.
struct ObjectPictureSection: Sendable {
    let comparison: ObjectComparison
    let arms: [Arm]
    let colors: [String: Int]

    /// Of each kind; the others are in a fold.
    private static let open = 2

    /// What an arm's first run found in all images, and which of these it kept.
    private struct Source {
        let arm: Arm
        let folder: RunFolder
        let objects: JudgedObjects
        let kept: [PictureIndex.Entry]

        func quality(_ sample: String) -> Double? { image(sample)?.quality(threshold: objects.threshold) }
        func image(_ sample: String) -> JudgedImage? { objects.images.first { $0.name == sample } }
    }

    /// Empty when no run has kept images, or what it found.
    /// - Throws: `UserError` naming the file that is missing or damaged, or does not fit its image.
    func html() throws -> String {
        let sources = try arms.compactMap(source)
        let headline = comparison.headline?.arm
        // The images that are looked at are those of the arm that the page is about.
        guard let main = sources.first(where: { $0.arm.name == headline && !$0.kept.isEmpty }) ?? sources.last(where: { !$0.kept.isEmpty })
        else { return "" }
        let titles: [JudgedObjects.Kind: String] = [.worst: "The worst images", .middle: "Images in the middle", .best: "The best images"]
        let groups = try main.objects.chosen.map { kind, images in
            let entries = images.compactMap { image in main.kept.first { $0.sample == image.name } }
            let samples = try entries.map { try sample($0, main, sources) }
            return samples.isEmpty ? "" : "<h3>\(titles[kind]!) of \(escaped(main.arm.name))</h3>" + PictureTiles.opened(samples, Self.open)
        }
        let thresholds = sources.map { "\(escaped($0.arm.name)) \(fixed($0.objects.threshold, 2))" }.joined(separator: ", ")
        return
            "<h2>Pictures</h2><p class=\"note\">Outlines of what was found: <b>white</b> right, with an IoU of 0.5 or more; <b>red</b> wrong; "
            + "<b>yellow</b> there, but not found. Objects are shown from the score at which F1 is greatest: \(thresholds). "
            + "Figures are the picture’s own panoptic quality at that score.</p>" + groups.joined()
    }

    /// The arm's first run that left what it found.
    private func source(_ arm: Arm) throws -> Source? {
        for run in arm.runs {
            guard let split = run.objects?.split else { continue }
            guard let objects = try run.folder.judgedObjects(named: split) else { continue }
            let kept = try run.folder.readPictureIndex()?.pictures.filter { $0.prediction == nil } ?? []
            return Source(arm: arm, folder: run.folder, objects: objects, kept: kept)
        }
        return nil
    }

    private func sample(_ entry: PictureIndex.Entry, _ main: Source, _ sources: [Source]) throws -> String {
        let file = main.folder.pictures.appendingPathComponent(entry.image).path
        let image = try Image(decoding: [UInt8](main.folder.readPicture(entry).image), name: file).rgb
        let picture = ObjectPicture(image, classes: main.objects.classes, longerSide: PictureTiles.side...PictureTiles.side)
        func view(_ picture: Image, _ alternative: String) throws -> String {
            let uri = dataURI(try JPEG.encode(picture, quality: 82), type: "image/jpeg")
            return "<img class=\"changes\" alt=\"\(escaped(alternative))\" src=\"\(uri)\">"
        }
        var tiles = [PictureTiles.tile("image", nil)]
        for source in sources {
            guard let judged = source.image(entry.sample) else { continue }
            guard judged.fits(image) else {
                throw UserError("\(file): its objects are of another size", hint: "Write them again with segdistill evaluate.")
            }
            if tiles.count == 1 { tiles.append(PictureTiles.tile("truth", try view(picture.truth(judged), "truth"))) }
            tiles.append(
                PictureTiles.tile(
                    source.arm.name, color: colors[source.arm.name] ?? 0,
                    try view(picture.found(judged, threshold: source.objects.threshold), "found by \(source.arm.name)"),
                    source.quality(entry.sample).map { percentage($0) }))
        }
        return try PictureTiles.sample(entry.sample, picture.image, tiles)
    }
}
