import Foundation
import Support
import Vision

extension COCOFile {
    /// Reads annotations.
    /// - Parameter badAnnotation: called with what is wrong with an annotation, which is left out if the call returns; throws it on unless
    ///   given.
    /// - Throws: `UserError` naming the file, and the annotation by its id: when the file cannot be read, is cut short or no such file,
    ///   when an id is there twice, and for each annotation with an image or category that is not there, a negative area, a mask of another
    ///   size than the image, runs that do not fill it, or a polygon that leaves it by more than a pixel.
    public init(contentsOf url: URL, badAnnotation: (UserError) throws -> Void = { throw $0 }) throws {
        try self.init(decoding: try FileBytes.read(url), name: url.path, badAnnotation: badAnnotation)
    }

    /// As ``init(contentsOf:badAnnotation:)`` for a file that is already in memory; `name` is what messages call it.
    /// - Parameter info: called with the JSON of the file's `info`, where it has one.
    public init(
        decoding bytes: [UInt8], name path: String, badAnnotation: (UserError) throws -> Void = { throw $0 },
        info: (Data) throws -> Void = { _ in }
    ) throws {
        self.init()
        var keys: Set<String> = []
        var raw: [RawAnnotation] = []
        try bytes.withUnsafeBufferPointer { bytes in
            try JSONScanner.read(bytes, path) { scanner in
                try scanner.object { scanner, key in
                    switch key {
                    case "images":
                        keys.insert("images")
                        try scanner.array { images.append(try COCOImage(&$0)) }
                    case "categories":
                        keys.insert("categories")
                        try scanner.array { categories.append(try COCOCategory(&$0)) }
                    case "annotations":
                        keys.insert("annotations")
                        try scanner.array { raw.append(try RawAnnotation(&$0, place: raw.count + 1)) }
                    case "info":
                        _ = scanner.peek()
                        let start = scanner.position
                        try scanner.skipValue()
                        try info(Data(buffer: UnsafeBufferPointer(rebasing: bytes[start..<scanner.position])))
                    default: try scanner.skipValue()
                    }
                }
            }
        }
        for key in ["images", "annotations", "categories"] where !keys.contains(key) {
            throw UserError(
                "\(path): expected a COCO file with images, annotations and categories, found no '\(key)'",
                hint: key == "images" ? "If this is a file of panoptic segments or of results, name it as such." : nil)
        }
        let check = try COCOCheck(path: path, images: images, categories: categories)
        annotations.reserveCapacity(raw.count)
        var ids: Set<Int> = []
        for item in raw {
            do {
                let annotation = try check.annotation(item)
                guard ids.insert(annotation.id).inserted else { throw UserError("the id is there twice") }
                annotations.append(annotation)
            } catch let error as UserError {
                try badAnnotation(UserError("\(path): annotation \(item.name): \(error.message)", hint: error.hint))
            }
        }
    }

    /// Reads a file of results: a list of detections, each with `image_id`, `category_id`, `score` and a mask, a box or both; or a whole file,
    /// whose images and categories are known by their names.
    /// - Parameter unknown: told the number and the name of each category of a whole file that `self` does not have.
    /// - Throws: `UserError` naming the file, and the detection by its place in the list, from 1: when the file cannot be read, is cut short
    ///   or is no such list, and for each detection of an image that `self` does not have, without a score, or with a mask as in
    ///   ``init(contentsOf:badAnnotation:)``. A category that `self` does not have is kept: it is for the evaluation to report.
    public func results(contentsOf url: URL, unknown: (_ category: Int, _ name: String) -> Void = { _, _ in }) throws -> [COCOAnnotation] {
        try results(decoding: try FileBytes.read(url), name: url.path, unknown: unknown)
    }

    /// As ``results(contentsOf:)`` for a file that is already in memory; `name` is what messages call it.
    public func results(
        decoding bytes: [UInt8], name path: String, unknown: (_ category: Int, _ name: String) -> Void = { _, _ in }
    ) throws -> [COCOAnnotation] {
        let blanks = Set(" \t\r\n".utf8)
        if bytes.first(where: { !blanks.contains($0) }) == UInt8(ascii: "{") {
            return try results(of: COCOFile(decoding: bytes, name: path), name: path, unknown: unknown)
        }
        var detections: [COCOAnnotation] = []
        let check = try COCOCheck(path: path, images: images, categories: nil)
        try bytes.withUnsafeBufferPointer { bytes in
            try JSONScanner.read(bytes, path) { scanner in
                guard scanner.peek() == UInt8(ascii: "[") else {
                    throw UserError(
                        "\(path): expected a list of detections, as COCO's results are written, found something else",
                        hint: "Each has image_id, category_id, score, and segmentation or bbox.")
                }
                try scanner.array { scanner in
                    let item = try RawAnnotation(&scanner, place: detections.count + 1)
                    do {
                        detections.append(try check.detection(item))
                    } catch let error as UserError {
                        throw UserError("\(path): detection \(item.place): \(error.message)", hint: error.hint)
                    }
                }
            }
        }
        return detections
    }
}

extension JSONScanner {
    /// Runs `body` over the whole of a file.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String, _ body: (inout JSONScanner) throws -> Void) throws {
        var scanner = JSONScanner(bytes)
        do {
            try body(&scanner)
            try scanner.end()
        } catch let failure as JSONFailure {
            throw failure.userError(path)
        }
    }
}

extension COCOImage {
    init(_ scanner: inout JSONScanner) throws {
        var (id, width, height): (Int?, Int?, Int?)
        var fileName = ""
        var name: String?
        let start = scanner.position
        try scanner.object { scanner, key in
            switch key {
            case "id": id = try scanner.int()
            case "width": width = try scanner.int()
            case "height": height = try scanner.int()
            case "file_name": fileName = try scanner.string()
            case "name": if !scanner.skipNull() { name = try scanner.string() }
            default: try scanner.skipValue()
            }
        }
        guard let id, let width, let height else {
            scanner.position = start
            throw scanner.failure("an image with id, width and height")
        }
        self.init(id: id, fileName: fileName, name: name, width: width, height: height)
    }
}

extension COCOCategory {
    init(_ scanner: inout JSONScanner) throws {
        var id: Int?
        var (name, supercategory): (String?, String?)
        var isThing: Bool?
        let start = scanner.position
        try scanner.object { scanner, key in
            switch key {
            case "id": id = try scanner.int()
            case "name": name = try scanner.string()
            case "supercategory": if !scanner.skipNull() { supercategory = try scanner.string() }
            case "isthing": isThing = try scanner.bool()
            default: try scanner.skipValue()
            }
        }
        guard let id else {
            scanner.position = start
            throw scanner.failure("a category with an id")
        }
        self.init(id: id, name: name ?? "\(id)", supercategory: supercategory, isThing: isThing)
    }
}
