import Recipes
import Runs
import SegData
import SegEval
import Support
import Torch

/// The objects that a network finds in a data set beside the true ones, both as COCO's files have them.
public struct InstanceEvaluation: Sendable {
    /// Images are numbered from 1 in the data set's order, categories from 1 in the order of its classes.
    public private(set) var truth: COCOFile
    public private(set) var detections: [COCOAnnotation] = []

    /// Finds the objects of all images, however unlikely.
    /// - Throws: `UserError` when the data set has no objects, the network predicts no masks, or an image cannot be read; `TorchError`.
    public static func run(
        _ network: Segmenter, on dataset: any Dataset, _ recipe: EvaluationRecipe, progress: (Int) -> Void = { _ in }
    ) throws -> InstanceEvaluation {
        let predictor = try ObjectPredictor(network, threshold: 0, evaluation: recipe)
        var result = InstanceEvaluation(classes: try dataset.objectClasses())
        let wasTraining = network.model.isTraining
        network.model.eval()
        defer { network.model.train(wasTraining) }
        var options = LoaderOptions.evaluation(batchSize: recipe.batchSize, threads: 1)
        options.instances = true
        let loader = try Loader(dataset, options)
        try withTorchErrors {
            while let batch = try loader.next() {
                result.add(batch, predictor(batch.images(on: network.device)), of: dataset)
                progress(result.truth.images.count)
            }
        }
        return result
    }

    private init(classes: ClassList) {
        truth = COCOFile(classes: classes)
    }

    private mutating func add(_ batch: Batch, _ found: [[ScoredInstance]], of dataset: any Dataset) {
        let instances = batch.instances
        for (slot, index) in batch.indices.enumerated() {
            let image = index + 1
            truth.images.append(
                COCOImage(id: image, fileName: dataset.name(index), width: batch.size.width, height: batch.size.height))
            for object in instances[slot] ?? [] {
                truth.annotations.append(
                    COCOAnnotation(
                        id: truth.annotations.count + 1, image: image, category: object.category + 1, segmentation: .runs(object.mask),
                        box: object.box, isCrowd: object.isCrowd))
            }
            for object in found[slot] {
                detections.append(
                    COCOAnnotation(
                        id: detections.count + 1, image: image, category: object.category + 1, segmentation: .runs(object.mask),
                        score: object.score))
            }
        }
    }

    /// COCO's scores.
    public func scores(_ region: COCOScores.Region) throws -> COCOScores {
        try COCOEvaluator(truth: truth, detections: detections, region: region).run()
    }
}

extension Dataset {
    /// The classes of the objects.
    /// - Throws: `UserError` when there are none.
    func objectClasses() throws -> ClassList {
        guard let classes = instanceClasses else {
            throw UserError("the data have no objects", hint: "Set data.instances, or take data that have some (segdistill data list).")
        }
        return classes
    }
}
