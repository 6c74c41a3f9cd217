import Recipes
import Runs
import SegData
import SegEval
import Support
import Torch
import Vision

/// The objects that a network finds in a data set beside the true ones, both as COCO's files have them.
public struct InstanceEvaluation: Sendable {
    /// Images are numbered from 1 in the data set's order, categories from 1 in the order of its classes.
    public private(set) var truth: COCOFile
    public private(set) var detections: [COCOAnnotation] = []
    private let classes: ClassList
    /// Of each image, where Cityscapes' rules are asked for.
    private var cityscapes: [CityscapesMatches]?

    /// Finds the objects of all images, however unlikely.
    /// - Throws: `UserError` when the data set has no objects, the network predicts no masks, or an image cannot be read; `TorchError`.
    public static func run(
        _ network: Segmenter, on dataset: any Dataset, _ recipe: EvaluationRecipe, progress: (Int) -> Void = { _ in }
    ) throws -> InstanceEvaluation {
        let predictor = try ObjectPredictor(network, threshold: 0, evaluation: recipe)
        let classes = try dataset.objectClasses()
        var result = InstanceEvaluation(classes, byCityscapes: recipe.isByCityscapes(classes))
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

    private init(_ classes: ClassList, byCityscapes: Bool) {
        self.classes = classes
        truth = COCOFile(classes: classes)
        cityscapes = byCityscapes ? [] : nil
    }

    private mutating func add(_ batch: Batch, _ found: [[ScoredInstance]], of dataset: any Dataset) {
        let instances = batch.instances
        let void = cityscapes == nil ? [] : batch.unlabelledPixels
        for (slot, index) in batch.indices.enumerated() {
            let image = index + 1
            truth.images.append(
                COCOImage(id: image, fileName: dataset.name(index), width: batch.size.width, height: batch.size.height))
            for object in instances[slot] ?? [] {
                truth.annotations.append(
                    COCOAnnotation(
                        id: truth.annotations.count + 1, image: image, category: object.category + 1, segmentation: .runs(object.mask),
                        area: Double(object.mask.area), box: object.box, isCrowd: object.isCrowd))
            }
            for object in found[slot] {
                detections.append(
                    COCOAnnotation(
                        id: detections.count + 1, image: image, category: object.category + 1, segmentation: .runs(object.mask),
                        score: object.score))
            }
            cityscapes?.append(
                CityscapesMatches(instances[slot] ?? [], void: void[slot], detections: found[slot], classes: classes.count))
        }
    }

    /// COCO's scores.
    public func scores(_ region: COCOScores.Region) throws -> COCOScores {
        try COCOEvaluator(truth: truth, detections: detections, region: region).run()
    }

    /// Cityscapes' scores; nil where the recipe's rules are COCO's.
    public var cityscapesScores: CityscapesScores? { cityscapes.map { CityscapesScores($0, classes: classes.names) } }

    /// AP, by which the best checkpoint is chosen, and AP50 of the masks, by the recipe's rules; nil where nothing is to be found.
    public func averagePrecisions() throws -> (mean: Double?, half: Double?) {
        if let scores = cityscapesScores { return (scores.averagePrecision, scores.averagePrecision50) }
        let summary = try scores(.mask).summary
        return (summary.averagePrecision, summary.averagePrecision50)
    }
}

extension EvaluationRecipe {
    /// Whether objects of these classes are scored by Cityscapes' rules.
    func isByCityscapes(_ classes: ClassList) -> Bool {
        switch rules {
        case .auto: classes.names == ClassList.cityscapesThings.names
        case .coco: false
        case .cityscapes: true
        }
    }
}

extension Batch {
    /// Of each image the pixels whose label is 255.
    fileprivate var unlabelledPixels: [RunLengthMask] {
        let pixels = size.width * size.height
        return withLabels { labels in
            (0..<count).map { slot in
                let own = Array(labels[slot * pixels..<(slot + 1) * pixels])
                return RunLengthMask(LabelMap(width: size.width, height: size.height, values: own), where: ClassList.ignore)
            }
        }
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
