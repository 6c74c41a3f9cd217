import Foundation
import SegData
import Support
import Torch
import Vision
import ZeroShot

extension PredictCommand {
    /// Writes `predictions.json`, and with --overlay `NAME.overlay.jpg`: the objects that a text names.
    func findObjects(_ classes: String, _ segmenter: String, in files: [URL]) throws {
        let threshold = threshold ?? 0.3
        try LibTorch.load()
        let grounded = try GroundedSegmenter(
            detector: URL(fileURLWithPath: network), segmenter: URL(fileURLWithPath: segmenter), classes: classes, threshold: threshold,
            device: Device(device))
        let folder = try outFolder()
        var found = COCOFile(categories: grounded.categories)
        let bar = ProgressBar("predict", total: files.count)
        for (index, file) in files.enumerated() {
            let image = try Image(contentsOf: file)
            let objects = try grounded(image)
            found.images.append(
                COCOImage(id: index + 1, fileName: file.lastPathComponent, width: image.width, height: image.height))
            found.annotations += GroundedSegmenter.annotations(objects, image: index + 1, from: found.annotations.count + 1)
            if overlay {
                let name = file.deletingPathExtension().lastPathComponent + ".overlay.jpg"
                try image.overlaid(with: objects.map(\.mask)).write(to: folder.appendingPathComponent(name))
            }
            bar.update(index + 1)
        }
        bar.finish()
        let target = folder.appendingPathComponent("predictions.json")
        try found.write(to: target)
        let counts = grounded.prompt.phrases.enumerated().map { index, phrase in
            "\(found.annotations.count { $0.category == index + 1 }) \(phrase)"
        }
        print("\(found.annotations.count) objects in \(files.count) pictures, in \(target.path): \(counts.joined(separator: ", "))")
    }
}
