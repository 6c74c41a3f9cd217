import Foundation
import Support
import Vision

/// The objects that a teacher has found in unlabelled images: one COCO file, whose annotations have scores and masks of runs, and whose
/// `info` says which teacher it was.
public struct PseudoLabels: Sendable, Equatable {
    public let info: PseudoLabelInfo
    public let file: COCOFile
    /// What messages call it.
    public let path: String

    init(_ file: COCOFile, _ info: PseudoLabelInfo, path: String) { (self.file, self.info, self.path) = (file, info, path) }

    /// - Throws: `UserError` naming the file when it cannot be read, is no file of pseudo-labels, two of its images have one name, or an
    ///   annotation has no score or no mask.
    public init(contentsOf url: URL) throws {
        path = url.path
        var found: PseudoLabelInfo?
        file = try COCOFile(
            decoding: FileBytes.read(url), name: path, info: { found = try? JSONDecoder().decode(PseudoLabelInfo.self, from: $0) })
        guard let found, found.isPseudoLabels else {
            throw UserError(
                "\(path): expected pseudo-labels, found a COCO file that does not say which teacher wrote it",
                hint: "They are written by: segdistill pseudo-label TEACHER RECIPE --out FILE")
        }
        info = found
        for annotation in file.annotations {
            guard case .runs = annotation.segmentation else {
                let what = annotation.segmentation == .none ? "a box without a mask" : "polygons"
                throw UserError(
                    "\(path): annotation \(annotation.id): expected a mask of runs, found \(what)",
                    hint: "Pseudo-labels are written by: segdistill pseudo-label TEACHER RECIPE --out FILE")
            }
            guard annotation.score != nil else { throw UserError("\(path): annotation \(annotation.id) has no score") }
        }
        let names = Dictionary(grouping: file.images, by: \.sampleName).filter { $0.value.count > 1 }.keys.sorted()
        guard names.isEmpty else { throw UserError("\(path): \(names.count) images are there twice: \(excerpt(names))") }
    }

    /// Whether a file looks like pseudo-labels, from its beginning.
    public static func isThere(_ url: URL) -> Bool {
        guard url.pathExtension.lowercased() == "json", let handle = try? FileHandle(forReadingFrom: url) else { return false }
        defer { try? handle.close() }
        let beginning = (try? handle.read(upToCount: 4096)) ?? Data()
        return String(decoding: beginning, as: UTF8.self).contains(PseudoLabelInfo.kind)
    }

    /// The classes, in the order of their ids.
    public var classes: ClassList { ClassList(names: file.categories.sorted { $0.id < $1.id }.map(\.name)) }

    /// Writes all of it, or leaves what was there.
    /// - Throws: `UserError` when the disk is full or the folder cannot be written.
    public func write(to url: URL) throws { try file.write(to: url, info: info.json) }
}

extension COCOImage {
    /// As the data set calls it; its file without extension where the file does not say.
    var sampleName: String { name ?? (fileName as NSString).deletingPathExtension }
}
