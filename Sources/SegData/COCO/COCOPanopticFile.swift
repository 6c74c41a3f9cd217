import Foundation
import Support
import Vision

/// COCO's panoptic JSON: for each image a PNG, whose colours are the numbers of segments, and what those are.
public struct COCOPanopticFile: Sendable, Equatable {
    public var annotations: [PanopticAnnotation]
    /// Empty in files of predictions that have none.
    public var categories: [COCOCategory]

    /// - Throws: `UserError` naming the file, and the image by its id: when the file cannot be read, is cut short or no such file, when an
    ///   image is there twice, and for a segment without id or category or with a negative area.
    public init(contentsOf url: URL) throws {
        let path = url.path
        var (annotations, categories): ([PanopticAnnotation]?, [COCOCategory]) = (nil, [])
        let bytes = try FileBytes.read(url)
        try bytes.withUnsafeBufferPointer { bytes in
            try JSONScanner.read(bytes, path) { scanner in
                try scanner.object { scanner, key in
                    switch key {
                    case "annotations":
                        var list: [PanopticAnnotation] = []
                        try scanner.array { list.append(try PanopticAnnotation(&$0, path)) }
                        annotations = list
                    case "categories": try scanner.array { categories.append(try COCOCategory(&$0)) }
                    default: try scanner.skipValue()
                    }
                }
            }
        }
        guard let annotations else { throw UserError("\(path): expected a panoptic COCO file, found no 'annotations'") }
        _ = try COCOCheck(path: path, images: [], categories: categories)
        var images: Set<Int> = []
        for annotation in annotations where !images.insert(annotation.image).inserted {
            throw UserError("\(path): image \(annotation.image) has two annotations")
        }
        (self.annotations, self.categories) = (annotations, categories)
    }
}

/// The segments of one image.
public struct PanopticAnnotation: Sendable, Equatable {
    /// The image's id.
    public var image: Int
    /// The PNG.
    public var fileName: String
    public var segments: [PanopticSegment]
}

/// A countable object or a region of stuff.
public struct PanopticSegment: Sendable, Equatable {
    /// Red + 256 green + 65536 blue of its pixels in the PNG.
    public var id: Int
    /// The category's id.
    public var category: Int
    public var isCrowd: Bool
}

extension PanopticAnnotation {
    init(_ scanner: inout JSONScanner, _ path: String) throws {
        var (image, fileName): (Int?, String?)
        var segments: [PanopticSegment]?
        try scanner.object { scanner, key in
            switch key {
            case "image_id": image = try scanner.int()
            case "file_name": fileName = try scanner.string()
            case "segments_info":
                var list: [PanopticSegment] = []
                try scanner.array { list.append(try PanopticSegment(&$0, path)) }
                segments = list
            default: try scanner.skipValue()
            }
        }
        guard let image else { throw UserError("\(path): an annotation has no image_id") }
        guard let fileName, let segments else {
            throw UserError(
                "\(path): the annotation of image \(image) has no \(fileName == nil ? "file_name" : "segments_info")",
                hint: "Expected COCO's panoptic format; a file of instances has neither.")
        }
        self.init(image: image, fileName: fileName, segments: segments)
    }
}

extension PanopticSegment {
    init(_ scanner: inout JSONScanner, _ path: String) throws {
        var (id, category): (Int?, Int?)
        var area = 0.0
        var isCrowd = false
        try scanner.object { scanner, key in
            switch key {
            case "id": id = try scanner.int()
            case "category_id": category = try scanner.int()
            case "iscrowd": isCrowd = try scanner.bool()
            case "area": area = try scanner.double()
            default: try scanner.skipValue()
            }
        }
        guard let id else { throw UserError("\(path): a segment has no id") }
        guard let category else { throw UserError("\(path): segment \(id) has no category_id") }
        guard area >= 0 else { throw UserError("\(path): segment \(id) has the area \(area)") }
        self.init(id: id, category: category, isCrowd: isCrowd)
    }
}
