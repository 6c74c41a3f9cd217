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

    /// Images that are kept for looking at: of the split itself, and of each target.
    private static let pictureCounts = (source: 8, target: 4)

    /// The number of images that ``score(_:purpose:checkpoint:predictions:progress:)`` goes through.
    public func imageCount(_ purpose: DataRecipe.Purpose) throws -> Int {
        let source = try recipe.data.dataset(purpose)
        return try targets(purpose, source.classes).reduce(source.count) { $0 + $1.dataset.count }
    }

    /// - Parameters:
    ///   - run: where `metrics/NAME.json`, the pictures and the label maps go; nil writes nothing.
    ///   - predictions: a folder for the label maps where there is no run; nil writes none.
    ///   - progress: told the number of images done.
    /// - Returns: the scores; of a test also those on the target domains, in ``Metrics/domains``.
    public func score(
        _ run: RunFolder?, purpose: DataRecipe.Purpose, checkpoint: String = "best", predictions: URL? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws -> Metrics {
        let dataset = try recipe.data.dataset(purpose)
        let name = splitName(purpose)
        let info = try run?.readInfo()
        var (metrics, pictures) = try measure(
            dataset, as: name, of: recipe.data.dataset.name, recipe.evaluation, pictures: run == nil ? 0 : Self.pictureCounts.source,
            predictions: run?.predictions(named: name) ?? predictions, checkpoint, info, progress)
        var done = dataset.count
        var domains: [(name: String, images: [ImageTally])] = []
        for target in try targets(purpose, dataset.classes) {
            let place = RunFolder.targetName(target.name)
            let (scores, views) = try measure(
                target.dataset, as: place, of: target.recipe.data.dataset.name, target.evaluation(recipe.evaluation),
                pictures: run == nil ? 0 : Self.pictureCounts.target, predictions: run?.predictions(named: place), checkpoint, info,
                { progress(done + $0) })
            done += target.dataset.count
            domains.append((target.name, scores.images))
            pictures += views.map { $0.in(target.name) }
            try run?.write(scores, named: place)
        }
        if domains.isEmpty {
            metrics.domains = try splits(purpose, metrics.images, classes: dataset.classes.count)
        } else {
            metrics.domains = DomainScores(
                domains, source: (recipe.data.dataset.name, metrics.images), classes: dataset.classes.count)
        }
        if let run {
            try run.write(pictures, classes: metrics.classes)
            // Last: where it is, all is there.
            try run.write(metrics, named: name)
        }
        return metrics
    }

    private func targets(_ purpose: DataRecipe.Purpose, _ classes: ClassList) throws -> [TargetDomain] {
        purpose == .test ? try recipe.data.targetDomains(classes: classes) : []
    }

    /// One pass over a data set.
    private func measure(
        _ dataset: any Dataset, as name: String, of set: String, _ evaluation: EvaluationRecipe, pictures: Int, predictions: URL?,
        _ checkpoint: String, _ run: RunInfo?, _ progress: (Int) -> Void
    ) throws -> (Metrics, [Picture]) {
        let map = try outputMap(to: dataset.classes)
        let result = try ModelEvaluation.run(
            network, on: dataset, evaluation, outputMap: map, isFull: true, pictureCount: pictures, predictions: predictions,
            progress: progress)
        let tested = evaluation.testProtocol(multiple: network.model.card.sizeMultiple)
        let metrics = result.metrics(
            dataset: set, split: name, classes: dataset.classes, checkpoint: checkpoint, info: info, run: run,
            parameters: network.model.parameterCount, protocolName: tested.description)
        return (metrics, result.pictures)
    }

    /// The scores of each of the splits that the recipe lists for the test; nil for a single one.
    private func splits(_ purpose: DataRecipe.Purpose, _ images: [ImageTally], classes: Int) throws -> DomainScores? {
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

    func splitName(_ purpose: DataRecipe.Purpose) -> String {
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
            "the network tells the classes \(info.classes.excerpt) apart, the data have \(classes.excerpt)",
            hint: "Score on data with the same classes, or map both onto shared ones with data.classMap: common7.")
    }
}
