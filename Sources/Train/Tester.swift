import Foundation
import Recipes
import Runs
import SegData
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
    ///   - run: where `metrics/NAME.json` and the pictures go; nil writes nothing.
    ///   - progress: told the number of images done.
    /// - Returns: the scores.
    public func score(
        _ run: RunFolder?, purpose: DataRecipe.Purpose, checkpoint: String = "best", progress: (Int) -> Void = { _ in }
    ) throws -> Metrics {
        let dataset = try recipe.data.dataset(purpose)
        let map = try outputMap(to: dataset.classes)
        let result = try ModelEvaluation.run(
            network, on: dataset, recipe.evaluation, outputMap: map, pictureCount: run == nil ? 0 : Self.pictureCount, progress: progress)
        let multiple = network.model.card.sizeMultiple
        let metrics = result.metrics(
            dataset: recipe.data.dataset.name, split: splitName(purpose), classes: dataset.classes, checkpoint: checkpoint, info: info,
            run: try run?.readInfo(), parameters: network.model.parameterCount,
            protocolName: recipe.evaluation.testProtocol(multiple: multiple).description)
        if let run {
            try run.write(metrics, named: splitName(purpose))
            try run.write(result.pictures, classes: metrics.classes)
        }
        return metrics
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
