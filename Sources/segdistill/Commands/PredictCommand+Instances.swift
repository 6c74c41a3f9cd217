import ArgumentParser
import Foundation
import Recipes
import SegData
import SegEval
import Support
import Torch
import Train
import Vision

extension PredictCommand {
    /// How objects are written.
    enum ObjectFormat: String, ExpressibleByArgument, CaseIterable { case coco, cityscapes }

    /// Writes the objects that a network found, and with --overlay `NAME.overlay.jpg`.
    func predictObjects(_ trained: TrainedNetwork, _ recipe: Recipe, in files: [URL]) throws {
        let threshold = threshold ?? 0.5
        let folder = try outFolder()
        let classes = trained.saved.info.classes.names
        let results = format == .cityscapes ? try CityscapesResults(folder, classes: classes) : nil
        let predictor = try ObjectPredictor(
            trained.network(recipe, device: device), threshold: threshold, evaluation: recipe.evaluation)
        var found = COCOFile(categories: classes.enumerated().map { COCOCategory(id: $0 + 1, name: $1) })
        var count = 0
        let bar = ProgressBar("predict", total: files.count)
        for (index, file) in files.enumerated() {
            let image = try Image(contentsOf: file)
            let objects = try predictor(image)
            let stem = file.deletingPathExtension().lastPathComponent
            count += objects.count
            if let results {
                try results.write(objects.map { ($0.category, $0.score, $0.mask) }, stem: stem)
            } else {
                found.add(objects, of: file.lastPathComponent, image)
            }
            if overlay {
                try image.overlaid(with: objects.map(\.mask)).write(to: folder.appendingPathComponent(stem + ".overlay.jpg"))
            }
            bar.update(index + 1)
        }
        bar.finish()
        let target = folder.appendingPathComponent("predictions.json")
        if results == nil { try found.write(to: target) }
        print("\(count) objects in \(files.count) pictures, in \(results == nil ? target.path : out)")
    }
}

extension COCOFile {
    fileprivate mutating func add(_ objects: [ScoredInstance], of name: String, _ image: Image) {
        let number = images.count + 1
        images.append(COCOImage(id: number, fileName: name, width: image.width, height: image.height))
        for object in objects {
            annotations.append(
                COCOAnnotation(
                    id: annotations.count + 1, image: number, category: object.category + 1, segmentation: .runs(object.mask),
                    area: Double(object.mask.area), box: Box(object.mask), score: object.score))
        }
    }
}
