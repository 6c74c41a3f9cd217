import Foundation
import Recipes
import Runs
import SegData
import SegEval
import Support
import Vision

extension Tester {
    /// Scores the objects that the network finds on a split.
    ///
    /// - Parameters:
    ///   - run: where the record `metrics/NAME-objects.json` goes, what was found (`predictions/NAME.json`), and the truth that it is
    ///     numbered as (`predictions/NAME-truth.json`): `segdistill metrics instance` takes these two. Nil writes nothing.
    ///   - pictures: a folder for pictures of the worst, middle and best images, `worst-1-NAME.png` and so on; nil writes none. A run keeps these
    ///     images of the test themselves, for its report.
    ///   - progress: told the number of images done.
    public func scoreObjects(
        _ run: RunFolder?, purpose: DataRecipe.Purpose, checkpoint: String = "best", pictures: URL? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws -> InstanceMetrics {
        let dataset = try recipe.data.dataset(purpose)
        let classes = try dataset.objectClasses()
        guard classes.names == info.classes.names else {
            throw UserError(
                "the network finds objects of the classes \(info.classes.excerpt), the data have \(classes.excerpt)",
                hint: "Score on data with the same classes.")
        }
        let found = try InstanceEvaluation.run(network, on: dataset, recipe.evaluation, progress: progress)
        let name = splitName(purpose)
        let tested = recipe.evaluation.testProtocol(multiple: network.model.card.sizeMultiple)
        var metrics = InstanceMetrics(
            dataset: recipe.data.dataset.name, split: name, model: info.model, checkpoint: checkpoint, step: info.step,
            protocolName: tested.description, images: found.truth.images.count, masks: try found.scores(.mask),
            boundaries: try found.scores(.boundary))
        metrics.cityscapes = found.cityscapesScores
        metrics.parameters = network.model.parameterCount
        guard run != nil || pictures != nil else { return metrics }
        let judged = JudgedObjects(truth: found.truth, detections: found.detections)
        func image(_ judged: JudgedImage) throws -> Image { try dataset.sample(judged.id - 1).image }
        if let pictures { try judged.writePictures(to: pictures, image: image) }
        guard let run else { return metrics }
        if purpose == .test {
            let kept = try judged.chosen.flatMap(\.images).map {
                Picture(sample: $0.name, image: try JPEG.encode(image($0)), truth: nil, prediction: nil)
            }
            try run.write(kept, classes: dataset.classes.entries.map { ScoredClass(name: $0.name, color: $0.color) })
        }
        let about = try run.readInfo()
        (metrics.arm, metrics.method, metrics.seed) = (about.arm, about.method, about.seed)
        let file = run.objectsFile(named: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try COCOFile.writeResults(found.detections, to: file)
        try found.truth.write(to: run.trueObjectsFile(named: name))
        // Last: where it is, all is there.
        try run.write(metrics, named: name)
        return metrics
    }
}
