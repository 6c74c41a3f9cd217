import Foundation
import Hub
import Recipes
import SegData
import Support
import Torch
import Vision

/// Has a trained network find the objects of a recipe's unlabelled images.
public struct PseudoLabelling {
    /// The unlabelled images.
    public let images: any Dataset
    /// Whose the objects will be.
    public let info: PseudoLabelInfo
    private let saved: SavedModel
    private let recipe: Recipe

    /// - Parameters:
    ///   - path: of the teacher: a run folder, a checkpoint or a saved model.
    ///   - recipe: whose unlabelled images, classes, device and evaluation count.
    ///   - threshold: objects of lower scores are left out; nil: the recipe's.
    /// - Throws: `UserError` when there is no such teacher, it tells other classes apart than the data, or there are no unlabelled images.
    public init(teacher path: String, _ recipe: Recipe, threshold: Double? = nil) throws {
        let data = recipe.data
        self.recipe = recipe
        saved = try SavedModel(at: path)
        try Self.check(saved, tells: data.dataset(.train).objectClasses())
        images = try data.unlabelledImages()
        info = PseudoLabelInfo(
            teacher: try .init(saved, at: path), threshold: threshold ?? (data.unlabelled ?? UnlabelledRecipe()).threshold,
            dataset: data.dataset.name, images: data.unlabelled?.folder ?? (data.dataset.isFiles ? data.root : ""))
    }

    /// - Throws: `UserError` when a teacher tells other classes apart than those.
    static func check(_ saved: SavedModel, tells classes: ClassList) throws {
        let own = saved.info.classes.names
        guard own != classes.names else { return }
        func list(_ names: [String]) -> String { names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", … (\(names.count))" : "") }
        throw UserError(
            "\(saved.url.path) tells \(list(own)) apart, the data's objects are \(list(classes.names))",
            hint: "A teacher of pseudo-labels is trained with loss.task: instances on the same classes.")
    }

    /// What is written already, if it is what this teacher would write of these images.
    /// - Throws: `UserError` saying what is wrong with it.
    public func existing(at url: URL) throws -> PseudoLabels? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let labels = try PseudoLabels(contentsOf: url)
        try labels.info.check(against: info.teacher, threshold: info.threshold, file: url.path)
        _ = try PseudoLabelledDataset(images, labels, threshold: info.threshold, classes: saved.info.classes)
        return labels
    }

    /// Finds the objects and writes them; goes on where an earlier call was interrupted.
    /// - Returns: nil when it was cancelled.
    /// - Throws: `UserError` when the teacher predicts no masks, an image cannot be read or the disk is full; `TorchError`.
    public func run(
        to url: URL, device: Device, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
    ) throws -> PseudoLabels? {
        let network = Segmenter(
            try saved.load(), device: device, precision: recipe.student.precision, channelsLast: recipe.channelsLast)
        network.storeForInference()
        let finder = TrainedObjectFinder(
            objectClasses: saved.info.classes,
            predictor: try ObjectPredictor(network, threshold: info.threshold, evaluation: recipe.evaluation))
        return try PseudoLabels.write(finder, in: images, info, to: url, progress: progress, isCancelled: isCancelled)
    }
}

/// A trained network of ours as a teacher.
private struct TrainedObjectFinder: ObjectFinder {
    let objectClasses: ClassList
    let predictor: ObjectPredictor

    func objects(in image: Image) throws -> [ScoredInstance] { try predictor(image) }
}

extension PseudoLabelInfo.Teacher {
    /// - Parameter path: as it was given.
    /// - Throws: `UserError` when the file cannot be read.
    init(_ saved: SavedModel, at path: String) throws {
        let digests = try saved.weightFiles.map { try FileDigest.sha256("").actual(of: $0) }
        self.init(name: saved.info.model, path: path, digest: digests.joined())
    }
}

extension SavedModel {
    /// The file of weights; in a folder all of them.
    fileprivate var weightFiles: [URL] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: url.path) else { return [url] }
        return names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".bin") }.sorted().map(url.appendingPathComponent)
    }
}
