import Foundation
import Recipes
import Runs
import SegData
import SegEval
import SegModels
import Support
import Torch

/// Scores a trained network on a split of a recipe's data and writes the record into its run folder.
public struct Tester {
    public let network: Segmenter
    public let info: SavedModelInfo
    public let recipe: Recipe

    public init(_ network: Segmenter, _ info: SavedModelInfo, _ recipe: Recipe) {
        self.network = network
        self.info = info
        self.recipe = recipe
    }

    /// Images that are kept for looking at.
    static let pictureCount = 8

    /// - Parameters:
    ///   - run: where `metrics/NAME.json`, the pictures and the label maps go; nil writes nothing.
    ///   - predictions: a folder for the label maps where there is no run; nil writes none.
    ///   - progress: told the number of images done.
    /// - Returns: the scores.
    public func score(
        _ run: RunFolder?, purpose: DataRecipe.Purpose, checkpoint: String = "best", predictions: URL? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws -> Metrics {
        let dataset = try recipe.data.dataset(purpose)
        let map = try outputMap(to: dataset.classes)
        let result = try ModelEvaluation.run(
            network, on: dataset, recipe.evaluation, outputMap: map, isFull: true, pictureCount: run == nil ? 0 : Self.pictureCount,
            predictions: run?.predictions(named: splitName(purpose)) ?? predictions, progress: progress)
        let multiple = network.model.card.sizeMultiple
        var metrics = result.metrics(
            dataset: recipe.data.dataset.name, split: splitName(purpose), classes: dataset.classes, checkpoint: checkpoint, info: info,
            run: try run?.readInfo(), parameters: network.model.parameterCount,
            protocolName: recipe.evaluation.testProtocol(multiple: multiple).description)
        metrics.domains = try domains(purpose, result.evaluation.images, classes: dataset.classes.count)
        if let run {
            try run.write(metrics, named: splitName(purpose))
            try run.write(result.pictures, classes: metrics.classes)
        }
        return metrics
    }

    /// The scores of each of the splits that the recipe lists for the test; nil for a single one.
    private func domains(_ purpose: DataRecipe.Purpose, _ images: [ImageTally], classes: Int) throws -> DomainScores? {
        guard purpose == .test, recipe.data.test.names.count > 1 else { return nil }
        let parts = try recipe.data.testParts()
        // With samples put aside, which images belong to which part is not known.
        guard parts.reduce(0, { $0 + $1.count }) == images.count else { return nil }
        var start = 0
        let named = parts.map { part in
            defer { start += part.count }
            return (name: part.name, images: Array(images[start..<start + part.count]))
        }
        return DomainScores(named, classes: classes)
    }

    private func splitName(_ purpose: DataRecipe.Purpose) -> String {
        switch purpose {
        case .train: "train"
        case .validation: "val"
        case .test: "test"
        }
    }

    /// What the network's classes count as on `classes`: nothing to do when they are the same.
    private func outputMap(to classes: ClassList) throws -> ClassMap? {
        if info.classes.names == classes.names { return nil }
        if classes.names == ClassList.common7.names, let map = ClassMap.toCommon7(from: info.classes) { return map }
        throw UserError(
            "the network tells \(info.classes.count) classes apart (\(info.classes.names.prefix(3).joined(separator: ", ")), …), "
                + "the data has \(classes.count) (\(classes.names.prefix(3).joined(separator: ", ")), …)",
            hint: "Score on data with the same classes, or map both onto shared ones with data.classMap: common7.")
    }
}
