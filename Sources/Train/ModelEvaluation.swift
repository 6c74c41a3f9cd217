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
}

/// A network's scores on a data set, with pictures.
public struct ModelEvaluation {
    public let evaluation: Evaluation
    public let pictures: [Picture]

    /// - Parameters:
    ///   - outputMap: what the network's classes count as, for a network that was trained on others.
    ///   - pictureCount: how many predictions to keep for looking at, spread over the data set.
    public static func run(
        _ network: Segmenter, on dataset: any Dataset, _ recipe: EvaluationRecipe, outputMap: ClassMap? = nil, pictureCount: Int = 0,
        progress: (Int) -> Void = { _ in }
    ) throws -> ModelEvaluation {
        let wasTraining = network.model.isTraining
        network.model.eval()
        defer { network.model.train(wasTraining) }
        let kept = min(pictureCount, dataset.count)
        let chosen = Set((0..<kept).map { $0 * dataset.count / kept })
        let palette = Palette(dataset.classes.entries.map { RGB($0.color[0], $0.color[1], $0.color[2]) })
        let map = outputMap.map { Tensor($0.indices.map(Int.init), device: network.device) }
        var pictures: [Picture] = []
        let evaluator = Evaluator(dataset, recipe.testProtocol(multiple: network.model.card.sizeMultiple), device: network.device)
        let evaluation = try evaluator.run(
            network: network.scores, outputMap: map, progress: progress,
            onPrediction: { index, prediction in
                guard chosen.contains(index) else { return }
                pictures.append(try picture(dataset.sample(index), prediction, palette))
            })
        return ModelEvaluation(evaluation: evaluation, pictures: pictures)
    }

    private static func picture(_ sample: Sample, _ prediction: Tensor, _ palette: Palette) throws -> Picture {
        let values = prediction.to(.uint8).array(of: UInt8.self)
        let map = LabelMap(width: prediction.size(1), height: prediction.size(0), values: values)
        return Picture(
            sample: sample.name, image: try JPEG.encode(sample.image),
            truth: try sample.labels.map { try PNG.encode($0, palette: palette) },
            prediction: try PNG.encode(map, palette: palette))
    }

    /// The record of this evaluation for a run folder.
    public func metrics(
        dataset: String, split: String, classes: ClassList, checkpoint: String, info: SavedModelInfo, run: RunInfo?, parameters: Int,
        protocolName: String
    ) -> Metrics {
        let scores = evaluation.scores
        return Metrics(
            dataset: dataset, split: split, model: info.model, checkpoint: checkpoint, step: info.step, arm: run?.arm, method: run?.method,
            seed: run?.seed, protocolName: protocolName, parameters: parameters,
            imagesPerSecond: Double(evaluation.images.count) / evaluation.networkSeconds,
            classes: classes.entries.map { ScoredClass(name: $0.name, color: $0.color) }, confusion: evaluation.confusion,
            images: evaluation.images.map {
                ImageCounts(image: $0.image, intersection: $0.intersection, truth: $0.truth, predicted: $0.predicted)
            },
            meanIoU: scores.meanIoU, pixelAccuracy: scores.pixelAccuracy, meanAccuracy: scores.meanAccuracy, classIoU: scores.classIoU)
    }
}
