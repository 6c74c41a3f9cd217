import Foundation
import Support
import Vision

/// Images with the objects that a COCO file describes. Masks are made from polygons when a sample is read.
public struct COCODataset: Dataset {
    public let instanceClasses: ClassList?
    public let leftOut: [LeftOut]
    private let file: COCOFile
    private let places: [[Int]]
    private let categories: [Int: Int]
    private let folder: URL

    /// - Parameters:
    ///   - annotations: the JSON file.
    ///   - images: the folders that the file's names may start from: the first one that holds the first image is taken.
    ///   - leavingOutBad: leaves out annotations that cannot be used, and lists them in ``leftOut``, instead of refusing the file.
    /// - Throws: `UserError` naming the file, and the annotation by its id, when something in it is missing or impossible.
    public init(_ annotations: URL, images: [URL], leavingOutBad: Bool = false) throws {
        var bad: [LeftOut] = []
        file = try COCOFile(contentsOf: annotations) { error in
            guard leavingOutBad else { throw error }
            bad.append(LeftOut(name: annotations.lastPathComponent, message: error.message))
        }
        guard let first = file.images.first else { throw UserError("\(annotations.path): expected images, found none") }
        leftOut = bad
        places = file.annotationsByImage
        guard let found = images.first(where: { $0.appendingPathComponent(first.fileName).isThere }) else {
            let places = images.map { $0.appendingPathComponent(first.fileName).path }.joined(separator: " or ")
            throw UserError(
                "\(annotations.path): expected its first image as \(places), found none", hint: "Check where each file_name starts from.")
        }
        folder = found
        let sorted = file.categories.sorted { $0.id < $1.id }
        // One value of a byte is the background's, one says what is ignored.
        guard sorted.count < 254 else {
            throw UserError(
                "\(annotations.path): expected at most 253 categories, found \(sorted.count)",
                hint: "Write a file of those that you want to tell apart.")
        }
        categories = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.id, $0) })
        instanceClasses = ClassList(names: sorted.map(\.name))
    }

    public var classes: ClassList { ClassList([]) }
    public var count: Int { file.images.count }
    public func name(_ index: Int) -> String { (file.images[index].fileName as NSString).deletingPathExtension }
    public func files(_ index: Int) -> [URL] { [folder.appendingPathComponent(file.images[index].fileName)] }
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }

    public func open(_ index: Int) throws -> any SampleReader {
        let (url, entry) = (files(index)[0], file.images[index])
        let image = try EncodedImage(contentsOf: url)
        guard image.width == entry.width, image.height == entry.height else {
            throw SampleError(
                kind: .size,
                message:
                    "\(url.path): expected \(entry.width)×\(entry.height) as its annotations say, found \(image.width)×\(image.height)",
                hint: "Check that images and annotations are of the same version, and the image's EXIF orientation.")
        }
        return FileSample(name(index), image) {
            nil
        } instances: { _ in
            file.instances(of: index, annotations: places[index]) { categories[$0] }
        }
    }
}
