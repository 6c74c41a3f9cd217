import Foundation
import Recipes
import Runs
import SegData
import SegEval
import SegModels
import Support
import Torch
import Vision

/// The objects that a network finds in a data set, beside the true ones, both as COCO's files have them.
public struct InstanceEvaluation: Sendable {
    /// Images are numbered from 1 in the data set's order, categories from 1 in the order of its classes.
    public let truth: COCOFile
    public let detections: [COCOAnnotation]

    /// Images are seen whole, at their own size or `evaluation.size`, brought to what the network takes; masks are resized bilinearly to the
    /// image's own size before they are cut out. Of each image the Q likeliest pairs of a query and a class are kept, however unlikely.
    /// - Throws: `UserError` when the data set has no objects or an image cannot be read; `TorchError`.
    public static func run(
        _ network: Segmenter, on dataset: any Dataset, _ recipe: EvaluationRecipe, progress: (Int) -> Void = { _ in }
    ) throws -> InstanceEvaluation {
        guard let classes = dataset.instanceClasses else {
            throw UserError("the data set has no objects to score", hint: "Set data.instances, for data that have any.")
        }
        let wasTraining = network.model.isTraining
        network.model.eval()
        defer { network.model.train(wasTraining) }
        var options = LoaderOptions.evaluation(batchSize: recipe.batchSize, threads: 1)
        options.instances = true
        let loader = try Loader(dataset, options)
        var truth = COCOFile(categories: classes.names.enumerated().map { COCOCategory(id: $0 + 1, name: $1) })
        var detections: [COCOAnnotation] = []
        try withTorchErrors {
            try withoutGradients {
                while let batch = try loader.next() {
                    let found = objects(network, batch, recipe)
                    for (slot, index) in batch.indices.enumerated() {
                        let image = index + 1
                        truth.images.append(
                            COCOImage(id: image, fileName: dataset.name(index), width: batch.size.width, height: batch.size.height))
                        for object in batch.instances[slot] ?? [] {
                            truth.annotations.append(
                                COCOAnnotation(
                                    id: truth.annotations.count + 1, image: image, category: object.category + 1,
                                    segmentation: .runs(object.mask), box: object.box, isCrowd: object.isCrowd))
                        }
                        for (segment, mask) in found[slot] {
                            detections.append(
                                COCOAnnotation(
                                    id: detections.count + 1, image: image, category: segment.label + 1, segmentation: .runs(mask),
                                    score: segment.score))
                        }
                    }
                    progress(truth.images.count)
                }
            }
        }
        return InstanceEvaluation(truth: truth, detections: detections)
    }

    /// By image: the objects with their masks at the image's size.
    private static func objects(_ network: Segmenter, _ batch: Batch, _ recipe: EvaluationRecipe) -> [[(Segment, RunLengthMask)]] {
        let images = batch.images(on: network.device)
        let (height, width) = (batch.size.height, batch.size.width)
        let multiple = network.model.card.sizeMultiple
        let wanted = recipe.size.map { [$0.height, $0.width] } ?? [height, width]
        let size = wanted.map { max(multiple, ($0 + multiple / 2) / multiple * multiple) }
        var seen = images
        if size != [height, width] {
            seen = F.bilinearAntialiased(images.permute(0, 3, 1, 2).float.contiguous(), size).permute(0, 2, 3, 1)
        }
        var taps = Taps()
        let found = network.predictions(seen, hasAuxiliary: false, taps: &taps)
        let maps = MaskPredictions(final: .init(classLogits: found.classLogits.float, maskLogits: found.maskLogits.float))
        return maps.instances(threshold: 0, maskSize: [height, width]).map { map in
            let pixels = map.masks.to(.uint8).array(of: UInt8.self)
            return map.segments.enumerated().map { number, segment in
                let own = Array(pixels[number * height * width..<(number + 1) * height * width])
                return (segment, RunLengthMask(Raster<UInt8>(width: width, height: height, values: own), where: 1))
            }
        }
    }

    /// COCO's scores.
    public func score(_ region: COCOScores.Region) throws -> COCOScores {
        try COCOEvaluator(truth: truth, detections: detections, region: region).run()
    }

    /// The record for a run folder: of masks, and of masks and boundaries.
    func metrics(dataset: String, split: String, checkpoint: String, info: SavedModelInfo, run: RunInfo) throws -> InstanceMetrics {
        try InstanceMetrics(
            dataset: dataset, split: split, model: info.model, checkpoint: checkpoint, step: info.step, arm: run.arm, method: run.method,
            seed: run.seed, images: truth.images.count, scores: [score(.mask), score(.boundary)])
    }

    /// Writes the detections, `predictions/NAME.json`, and the truth that they are numbered as, `predictions/NAME-truth.json`: what
    /// `segdistill metrics instance` takes.
    func write(named name: String, in run: RunFolder) throws {
        let file = run.objects(named: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try COCOFile.writeResults(detections, to: file)
        try truth.write(to: run.objects(named: name + "-truth"))
    }
}
