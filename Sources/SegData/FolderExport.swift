import Foundation
import Support
import Vision

/// Writes data sets as folders that this program's `folder` and most other tools read:
/// `images/SPLIT/NAME.png` (or `.jpg`), `labels/SPLIT/NAME.png` with a class index a pixel, `annotations/SPLIT.json` as COCO
/// has it for a data set with objects, and `classes.json`.
public struct FolderExport: Sendable {
    public enum ImageFormat: String, Sendable, CaseIterable { case png, jpg }

    public let root: URL
    public let format: ImageFormat

    /// - Parameter format: PNG keeps every value; JPEG, at quality 95, is a fifth of the size.
    public init(to root: URL, format: ImageFormat = .png) {
        self.root = root
        self.format = format
    }

    /// Writes all samples of a data set, on several threads.
    /// - Parameters:
    ///   - split: the folder inside `images` and `labels`.
    ///   - progress: told the number of samples written, from any thread, one call at a time.
    /// - Throws: `UserError` when a sample cannot be read, the folder holds other classes, or a file cannot be written.
    public func write(
        _ dataset: any Dataset, split: String, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (@Sendable (_ done: Int) -> Void)? = nil
    ) throws {
        try write(dataset.classes)
        let palette = dataset.classes.palette
        let objects = try concurrentMap(dataset.count, threads: threads, progress: progress) { index in
            let sample = try dataset.sample(index)
            try sample.image.write(to: file("images", split, sample.name, format.rawValue), quality: 95)
            try sample.labels?.write(to: file("labels", split, sample.name, "png"), palette: palette)
            let image = COCOImage(
                id: index + 1, fileName: "\(split)/\(sample.name).\(format.rawValue)", width: sample.image.width,
                height: sample.image.height)
            return (image: image, instances: sample.instances ?? [])
        }
        guard let classes = dataset.instanceClasses else { return }
        try cocoFile(objects, classes).write(to: file("annotations", nil, split, "json"))
    }

    /// Categories are numbered from 1, in the order of `classes`.
    private func cocoFile(_ objects: [(image: COCOImage, instances: [Instance])], _ classes: ClassList) -> COCOFile {
        var file = COCOFile(images: objects.map(\.image))
        file.categories = classes.names.enumerated().map { COCOCategory(id: $0 + 1, name: $1) }
        for (image, instances) in objects {
            for instance in instances {
                file.annotations.append(
                    COCOAnnotation(
                        id: file.annotations.count + 1, image: image.id, category: instance.category + 1,
                        segmentation: .runs(instance.mask),
                        area: Double(instance.mask.area), box: instance.box, isCrowd: instance.isCrowd))
            }
        }
        return file
    }

    private func file(_ kind: String, _ split: String?, _ name: String, _ suffix: String) throws -> URL {
        let file = root.appendingPathComponent("\(kind)/\(split.map { $0 + "/" } ?? "")\(name).\(suffix)")
        try makeFolder(file.deletingLastPathComponent())
        return file
    }

    private func makeFolder(_ folder: URL) throws {
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw UserError("\(folder.path): cannot make this folder", hint: error.localizedDescription)
        }
    }

    /// `classes.json`; one that is there must have the same classes.
    private func write(_ classes: ClassList) throws {
        try makeFolder(root)
        let file = root.appendingPathComponent("classes.json")
        if FileManager.default.fileExists(atPath: file.path) {
            let found = try ClassFile(contentsOf: file).classes
            guard found.names == classes.names else {
                throw UserError(
                    "\(file.path): expected the classes \(classes.names.joined(separator: ", ")), found \(found.names.joined(separator: ", "))",
                    hint: "Choose an empty folder.")
            }
            return
        }
        struct Content: Encodable {
            let classes: [ClassList.Entry]
            let ignore: UInt8
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(encoder.encode(Content(classes: classes.entries, ignore: ClassList.ignore)), to: file)
    }
}
