import Foundation
import Recipes
import Runs
import SegData
import SegEval
import SegModels
import Support
import Torch
import Vision

extension EvaluationRecipe {
    /// - Parameter multiple: what the network's sides have to be a multiple of.
    public func testProtocol(multiple: Int) -> TestProtocol {
        TestProtocol(
            mode: mode == .whole ? .whole : .slide(window: Size(window), stride: Size(stride)), scales: scales, flip: flip,
            size: size.map(Size.init), multiple: multiple, batchSize: batchSize)
    }

    /// What the scoring threads count.
    public var semanticMetrics: SemanticMetrics {
        SemanticMetrics(
            boundary: metrics.contains(.boundary) ? .init() : nil,
            trimap: metrics.contains(.trimap) ? SemanticMetrics.trimapWidths : [], connectivity: metrics.contains(.connectivity))
    }
}

/// A network's scores on a data set, with pictures.
public struct ModelEvaluation {
    public let evaluation: Evaluation
    public let pictures: [Picture]

    /// - Parameters:
    ///   - outputMap: what the network's classes count as, for a network that was trained on others.
    ///   - isFull: whether everything is measured that the recipe's `metrics` ask for, or IoU alone.
    ///   - pictureCount: how many predictions to keep for looking at, spread over the data set.
    ///   - predictions: a folder for the label map of every image; nil writes none.
    public static func run(
        _ network: Segmenter, on dataset: any Dataset, _ recipe: EvaluationRecipe, outputMap: ClassMap? = nil, isFull: Bool = false,
        pictureCount: Int = 0, predictions: URL? = nil, progress: (Int) -> Void = { _ in }
    ) throws -> ModelEvaluation {
        let wasTraining = network.model.isTraining
        network.model.eval()
        defer { network.model.train(wasTraining) }
        let keeper = PredictionKeeper(dataset, pictureCount: pictureCount, folder: predictions)
        let map = outputMap.map { Tensor($0.indices.map(Int.init), device: network.device) }
        var evaluator = Evaluator(dataset, recipe.testProtocol(multiple: network.model.card.sizeMultiple), device: network.device)
        if isFull {
            evaluator.metrics = recipe.semanticMetrics
            evaluator.calibration = recipe.metrics.contains(.calibration)
        }
        let keep: @Sendable (Int, LabelMap) throws -> Void = { try keeper.keep($0, $1) }
        let evaluation = try evaluator.run(
            network: network.scores, outputMap: map, progress: progress, onPrediction: keeper.isIdle ? nil : keep)
        return ModelEvaluation(evaluation: evaluation, pictures: keeper.pictures)
    }

    /// The record of this evaluation for a run folder.
    public func metrics(
        dataset: String, split: String, classes: ClassList, checkpoint: String, info: SavedModelInfo, run: RunInfo?, parameters: Int,
        protocolName: String
    ) -> Metrics {
        let scores = evaluation.scores
        var metrics = Metrics(
            dataset: dataset, split: split, model: info.model, checkpoint: checkpoint, step: info.step, arm: run?.arm, method: run?.method,
            seed: run?.seed, protocolName: protocolName, parameters: parameters,
            imagesPerSecond: Double(evaluation.images.count) / evaluation.networkSeconds,
            classes: classes.entries.map { ScoredClass(name: $0.name, color: $0.color) }, confusion: evaluation.tally.confusion,
            images: evaluation.images, meanIoU: scores.meanIoU, pixelAccuracy: scores.pixelAccuracy, meanAccuracy: scores.meanAccuracy,
            classIoU: scores.classIoU)
        metrics.outside = evaluation.tally.outside
        metrics.meanDice = scores.meanDice
        metrics.classDice = scores.classDice
        metrics.classAccuracy = scores.classAccuracy
        metrics.extra = evaluation.extra == SemanticScores() ? nil : evaluation.extra
        metrics.calibration = evaluation.reliability.map(Calibration.init)
        return metrics
    }
}

/// Keeps predictions as the scoring threads hand them over: a few as pictures, all as label maps in a folder.
private final class PredictionKeeper: @unchecked Sendable {
    private let dataset: any Dataset
    private let palette: Palette
    private let chosen: Set<Int>
    private let folder: URL?
    private let lock = NSLock()
    private var kept: [Int: Picture] = [:]

    init(_ dataset: any Dataset, pictureCount: Int, folder: URL?) {
        self.dataset = dataset
        self.folder = folder
        let count = min(pictureCount, dataset.count)
        chosen = Set((0..<count).map { $0 * dataset.count / count })
        palette = dataset.classes.palette
    }

    var isIdle: Bool { chosen.isEmpty && folder == nil }

    /// In the data set's order.
    var pictures: [Picture] { lock.withLock { kept.keys.sorted().compactMap { kept[$0] } } }

    func keep(_ index: Int, _ prediction: LabelMap) throws {
        let encoded = try PNG.encode(prediction, palette: palette)
        if let folder { try LabelFolder.write(encoded, named: dataset.name(index), in: folder) }
        guard chosen.contains(index) else { return }
        let sample = try dataset.sample(index)
        let picture = Picture(
            sample: sample.name, image: try JPEG.encode(sample.image),
            truth: try sample.labels.map { try PNG.encode($0, palette: palette) }, prediction: encoded)
        lock.withLock { kept[index] = picture }
    }
}
