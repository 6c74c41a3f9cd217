import Foundation
import SegData
import Support
import Vision

/// Writes detections as Cityscapes' server takes them: of every image a text file whose lines name a mask, a label id and a confidence, and
/// the masks as PNGs beside it.
public struct CityscapesResults: Sendable {
    public let folder: URL
    /// By the network's class.
    private let labels: [Int]

    /// - Parameter classes: the names of the network's classes.
    /// - Throws: `UserError` for a class that Cityscapes has no objects of.
    public init(_ folder: URL, classes: [String]) throws {
        self.folder = folder
        let ids = Dictionary(uniqueKeysWithValues: CityscapesLabels.scored.map { ($0.name, $0.id) })
        labels = try classes.map { name in
            if let id = ids[name] { return id }
            throw UserError(
                "'\(name)' is none of the classes whose objects Cityscapes scores",
                hint: "These are \(CityscapesLabels.scored.map(\.name).joined(separator: ", ")).")
        }
    }

    /// Writes `STEM.txt` and `STEM_0.png`, `STEM_1.png`, ….
    /// - Parameter stem: the image's file name without its extension, which begins with city, sequence and frame.
    public func write(_ detections: [(category: Int, score: Double, mask: RunLengthMask)], stem: String) throws {
        var lines = ""
        for (number, detection) in detections.enumerated() {
            let name = "\(stem)_\(number).png"
            var map = LabelMap(width: detection.mask.width, height: detection.mask.height)
            detection.mask.paint(255, into: &map)
            try map.write(to: folder.appendingPathComponent(name))
            lines += "\(name) \(labels[detection.category]) \(detection.score)\n"
        }
        try AtomicFile.write(Data(lines.utf8), to: folder.appendingPathComponent(stem + ".txt"))
    }
}
