import Foundation
import Support
import Vision

extension DatasetKind {
    /// Polygons in text files, as Ultralytics' segmentation models are trained on.
    static let yolo = DatasetKind(
        "yolo", "YOLO polygons", "your images and polygons in text files", classes: nil, ignored: "nothing", splits: [],
        crop: Size(width: 512, height: 512), license: "yours", source: "your own files",
        layout: """
            images/SPLIT/**/*.jpg or *.png, labels/SPLIT/**/*.txt of the same names; an image without a file has no objects
            a line an object: class x1 y1 x2 y2 x3 y3 …, the corners as shares of the image's width and height
            data.yaml (names), classes.txt or classes.json; the label maps are painted from the objects, with background as class 0
            """, settings: [.classes, .images, .labels, .instances]
    ) { request in
        let options = request.options
        let part = request.split == "." ? "" : "/" + request.split
        let classes = options.classes ?? ClassList([])
        let pairing = FilePairing(
            images: try request.folder((options.images ?? "images") + part),
            objects: try request.folder((options.labels ?? "labels") + part),
            objectExtension: "txt")
        let base = try FileDataset(
            [pairing], classes: classes, instanceClasses: classes, objects: .polygons(classes),
            leavingOutUnpaired: options.leavesOutUnpaired)
        return PaintedDataset(base, keepsInstances: options.instances)
    }
}

extension ObjectReader {
    /// Lines of a class's index and the corners of a polygon, as shares of width and height.
    static func polygons(_ classes: ClassList) -> ObjectReader {
        ObjectReader { url, size, _ in
            guard let data = FileManager.default.contents(atPath: url.path), let text = String(data: data, encoding: .utf8) else {
                throw UserError("\(url.path): cannot be read as text")
            }
            return try text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().compactMap { number, line in
                let words = line.split(whereSeparator: \.isWhitespace)
                guard !words.isEmpty else { return nil }
                let place = "\(url.path):\(number + 1)"
                let (category, corners) = try object(words, classes, place)
                let polygon = corners.enumerated().map { $1 * Double($0 % 2 == 0 ? size.width : size.height) }
                return Instance(
                    category: category, mask: RunLengthMask(polygon: polygon, width: size.width, height: size.height), id: number + 1)
            }
        }
    }

    private static func object(_ words: [Substring], _ classes: ClassList, _ place: String) throws -> (Int, [Double]) {
        guard let category = Int(words[0]), classes.entries.indices.contains(category) else {
            throw UserError(
                "\(place): expected a class from 0 to \(classes.count - 1), found '\(words[0])'",
                hint: "Classes are numbered from 0 on, in the order of the class list.")
        }
        let corners = words.dropFirst().compactMap { Double($0) }
        guard corners.count == words.count - 1, corners.count % 2 == 0, corners.count >= 6 else {
            throw UserError(
                "\(place): expected a class and at least three corners, x and y each, found \(words.count) words",
                hint: words.count == 5 ? "Four numbers are a box; segmentation needs polygons." : "The line may be cut short.")
        }
        // Rounding takes corners a little over the edge.
        if let outside = corners.first(where: { !(-0.01...1.01).contains($0) }) {
            throw UserError(
                "\(place): the polygon leaves the image: a corner at \(outside)",
                hint: "Corners are shares of the image's width and height, from 0 to 1; divide pixels by the image's size.")
        }
        return (category, corners.map { min(max($0, 0), 1) })
    }
}
