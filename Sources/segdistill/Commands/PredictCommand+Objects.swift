import ArgumentParser
import Foundation
import SegData
import SegEval
import Support
import Vision

extension PredictCommand {
    /// How objects are written.
    enum ObjectFormat: String, ExpressibleByArgument, CaseIterable { case coco, cityscapes }

    /// Writes the objects that are found, and with --overlay `NAME.overlay.jpg`.
    func write(_ finder: any ObjectFinder, in files: [URL]) throws {
        let folder = try outFolder()
        let classes = finder.objectClasses
        let results = format == .cityscapes ? try CityscapesResults(folder, classes: classes.names) : nil
        var found = COCOFile(classes: classes)
        var counts = [Int](repeating: 0, count: classes.count)
        let bar = ProgressBar("predict", total: files.count)
        for (index, file) in files.enumerated() {
            let image = try Image(contentsOf: file)
            let objects = try finder.objects(in: image)
            let stem = file.deletingPathExtension().lastPathComponent
            for object in objects { counts[object.category] += 1 }
            if let results {
                try results.write(objects.map { ($0.category, $0.score, $0.mask) }, stem: stem)
            } else {
                found.append(objects, of: file.lastPathComponent, width: image.width, height: image.height)
            }
            if overlay {
                try image.overlaid(with: objects.map(\.mask)).write(to: folder.appendingPathComponent(stem + ".overlay.jpg"))
            }
            bar.update(index + 1)
        }
        bar.finish()
        let target = folder.appendingPathComponent("predictions.json")
        if results == nil { try found.write(to: target) }
        let kinds = zip(counts, classes.names).filter { $0.0 > 0 }.map { "\($0) \($1)" }
        print(
            "\(counts.reduce(0, +)) objects in \(files.count) pictures, in \(results == nil ? target.path : out)"
                + (kinds.isEmpty ? "" : ": " + kinds.joined(separator: ", ")))
    }
}
