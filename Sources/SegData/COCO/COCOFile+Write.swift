import Foundation
import Support
import Vision

extension COCOFile {
    /// Writes images, annotations (with scores where they have such) and categories; masks of runs in their compressed form.
    /// - Parameter info: JSON for the file's `info`; nil writes none.
    /// - Throws: `UserError` when the disk is full or the folder cannot be written.
    public func write(to url: URL, info: Data? = nil) throws {
        try AtomicFile.write(to: url) { handle in
            var writer = JSONWriter(handle)
            writer.text("{")
            if let info { writer.text("\"info\":\(String(decoding: info, as: UTF8.self)),\n") }
            writer.text("\"images\":")
            try writer.list(images) { writer, image in
                writer.text("{\"id\":\(image.id),\"file_name\":")
                writer.string(image.fileName)
                if let name = image.name {
                    writer.text(",\"name\":")
                    writer.string(name)
                }
                writer.text(",\"width\":\(image.width),\"height\":\(image.height)}")
            }
            writer.text(",\n\"annotations\":")
            try writer.list(annotations) { $0.annotation($1) }
            writer.text(",\n\"categories\":")
            try writer.list(categories) { writer, category in
                writer.text("{\"id\":\(category.id),\"name\":")
                writer.string(category.name)
                if let supercategory = category.supercategory {
                    writer.text(",\"supercategory\":")
                    writer.string(supercategory)
                }
                if let isThing = category.isThing { writer.text(",\"isthing\":\(isThing ? 1 : 0)") }
                writer.text("}")
            }
            writer.text("}\n")
            try writer.flush()
        }
    }

    /// Writes detections as COCO's results: a list of `image_id`, `category_id`, `score`, and `segmentation` and `bbox` where there are
    /// such.
    /// - Throws: `UserError` when the disk is full or the folder cannot be written.
    public static func writeResults(_ detections: some Sequence<COCOAnnotation>, to url: URL) throws {
        try AtomicFile.write(to: url) { handle in
            var writer = JSONWriter(handle)
            try writer.list(detections) { $0.detection($1) }
            writer.text("\n")
            try writer.flush()
        }
    }
}

/// Appends JSON to a file, a megabyte at a time.
private struct JSONWriter {
    private let handle: FileHandle
    private var bytes: [UInt8] = []

    init(_ handle: FileHandle) { self.handle = handle }

    mutating func flush() throws {
        try handle.write(contentsOf: Data(bytes))
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func string(_ string: some StringProtocol) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 { append(byte) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0..<0x20: text("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
        default: bytes.append(byte)
        }
    }

    mutating func list<Element>(_ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) -> Void) throws {
        text("[")
        var separator = "\n"
        for element in elements {
            text(separator)
            body(&self, element)
            separator = ",\n"
            if bytes.count > 1 << 20 { try flush() }
        }
        text("]")
    }

    mutating func annotation(_ annotation: COCOAnnotation) {
        text("{\"id\":\(annotation.id),\"image_id\":\(annotation.image),\"category_id\":\(annotation.category)")
        segmentation(annotation.segmentation)
        if let area = annotation.area { text(",\"area\":\(area)") }
        box(annotation.box)
        if let score = annotation.score { text(",\"score\":\(score)") }
        text(",\"iscrowd\":\(annotation.isCrowd ? 1 : 0)}")
    }

    mutating func detection(_ detection: COCOAnnotation) {
        text("{\"image_id\":\(detection.image),\"category_id\":\(detection.category)")
        segmentation(detection.segmentation)
        box(detection.box)
        text(",\"score\":\(detection.score ?? 1)}")
    }

    private mutating func box(_ box: Box?) {
        if let box { text(",\"bbox\":[\(box.x),\(box.y),\(box.width),\(box.height)]") }
    }

    private mutating func segmentation(_ segmentation: COCOSegmentation) {
        switch segmentation {
        case .none: break
        case .polygons(let polygons):
            let parts = polygons.map { "[" + $0.map { "\($0)" }.joined(separator: ",") + "]" }
            text(",\"segmentation\":[\(parts.joined(separator: ","))]")
        case .runs(let mask):
            text(",\"segmentation\":{\"size\":[\(mask.height),\(mask.width)],\"counts\":\"")
            for byte in mask.cocoBytes { append(byte) }
            text("\"}")
        }
    }
}
