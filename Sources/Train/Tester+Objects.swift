import Foundation
import Recipes
import Runs
import SegData
import SegEval
import Support

extension Tester {
    /// Scores the objects that the network finds on a split.
    ///
    /// - Parameters:
    ///   - run: where the record `metrics/NAME-objects.json` goes, what was found (`predictions/NAME.json`), and the truth that it is
    ///     numbered as (`predictions/NAME-truth.json`): `segdistill metrics instance` takes these two. Nil writes nothing.
    ///   - progress: told the number of images done.
    public func scoreObjects(
        _ run: RunFolder?, purpose: DataRecipe.Purpose, checkpoint: String = "best", progress: (Int) -> Void = { _ in }
    ) throws -> InstanceMetrics {
        let dataset = try recipe.data.dataset(purpose)
        let names = try dataset.objectClasses().names
        guard names == info.classes.names else {
            throw UserError(
                "the network finds objects of the classes \(list(info.classes.names)), the data have \(list(names))",
                hint: "Score on data with the same classes.")
        }
        let found = try InstanceEvaluation.run(network, on: dataset, recipe.evaluation, progress: progress)
        let name = splitName(purpose)
        let tested = recipe.evaluation.testProtocol(multiple: network.model.card.sizeMultiple)
        var metrics = InstanceMetrics(
            dataset: recipe.data.dataset.name, split: name, model: info.model, checkpoint: checkpoint, step: info.step,
            protocolName: tested.description, images: found.truth.images.count, masks: try found.scores(.mask),
            boundaries: try found.scores(.boundary))
        metrics.parameters = network.model.parameterCount
        guard let run else { return metrics }
        let about = try run.readInfo()
        (metrics.arm, metrics.method, metrics.seed) = (about.arm, about.method, about.seed)
        try run.write(metrics, named: name)
        let file = run.objectsFile(named: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try COCOFile.writeResults(found.detections, to: file)
        try found.truth.write(to: run.trueObjectsFile(named: name))
        return metrics
    }

    private func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", … (\(names.count))" : "")
    }
}
