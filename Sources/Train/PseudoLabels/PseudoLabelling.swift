import Foundation
import Hub
import Recipes
import SegData
import Support
import Torch
import Vision

/// Has a teacher find the objects of a recipe's unlabelled images.
public struct PseudoLabelling {
    /// The unlabelled images.
    public let images: any Dataset
    /// Whose the objects will be.
    public let info: PseudoLabelInfo
    private let classes: ClassList
    private let finder: (Device) throws -> any ObjectFinder

    /// - Parameters:
    ///   - path: of the teacher: a run folder, a checkpoint or a saved model.
    ///   - recipe: whose unlabelled images, classes, device and evaluation count.
    ///   - threshold: objects of lower scores are left out; nil: the recipe's.
    /// - Throws: `UserError` when there is no such teacher, it tells other classes apart than the data, or there are no unlabelled images.
    public init(teacher path: String, _ recipe: Recipe, threshold: Double? = nil) throws {
        let saved = try SavedModel(at: path)
        try Self.check(saved, tells: recipe.data.objectClasses())
        let threshold = threshold ?? recipe.data.leastScore
        try self.init(by: .init(saved, at: path), tells: saved.info.classes, recipe, threshold: threshold) { device in
            let network = Segmenter(
                try saved.load(), device: device, precision: recipe.student.precision, channelsLast: recipe.channelsLast)
            network.storeForInference()
            return TrainedObjectFinder(
                objectClasses: saved.info.classes,
                predictor: try ObjectPredictor(network, threshold: threshold, evaluation: recipe.evaluation))
        }
    }

    /// - Parameters:
    ///   - teacher: who it is.
    ///   - classes: what it tells apart: the data's objects, in their order.
    ///   - recipe: whose unlabelled images count.
    ///   - threshold: objects of lower scores are left out.
    ///   - finder: the teacher itself, on a device.
    /// - Throws: `UserError` when there are no unlabelled images.
    public init(
        by teacher: PseudoLabelInfo.Teacher, tells classes: ClassList, _ recipe: Recipe, threshold: Double,
        finder: @escaping (Device) throws -> any ObjectFinder
    ) throws {
        let data = recipe.data
        (self.classes, self.finder) = (classes, finder)
        images = try data.unlabelledImages()
        // Tiles are in no files of their own.
        let folder = data.tile != nil ? nil : data.unlabelled?.folder ?? (data.dataset.isFiles ? data.root : nil)
        info = PseudoLabelInfo(
            teacher: teacher, threshold: threshold, dataset: data.dataset.name + (data.tile.map { ", tiles of \(Size($0))" } ?? ""),
            images: folder ?? "", seenAt: teacher.segmenter == nil ? recipe.evaluation.size.map { "\(Size($0))" } : nil)
    }

    /// - Throws: `UserError` when a teacher tells other classes apart than those.
    static func check(_ saved: SavedModel, tells classes: ClassList, for task: LossRecipe.Task = .instances) throws {
        let own = saved.info.classes
        guard own.names != classes.names else { return }
        throw UserError(
            "\(saved.url.path) tells \(own.excerpt) apart, the data's \(task == .instances ? "objects" : "classes") are \(classes.excerpt)",
            hint: "A teacher of pseudo-labels is trained with loss.task: \(task.rawValue) on the same classes.")
    }

    /// What is written already, if it is what this teacher would write of these images.
    /// - Parameter mayHaveMoved: whether images of the same names and sizes in another folder are taken for the same.
    /// - Throws: `UserError` saying what is wrong with it.
    public func existing(at url: URL, mayHaveMoved: Bool = false) throws -> PseudoLabels? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let labels = try PseudoLabels(contentsOf: url)
        try labels.info.check(against: info.teacher, threshold: info.threshold, file: url.path)
        try labels.info.check(sees: info, mayHaveMoved: mayHaveMoved, file: url.path)
        let labelled = try PseudoLabelledDataset(images, labels, threshold: info.threshold, classes: classes)
        // Rendered images are as large as the recipe says.
        for index in 0..<images.count where !images.files(index).isEmpty { _ = try labelled.open(index) }
        return labels
    }

    /// Finds the objects and writes them; goes on where an earlier call was interrupted.
    /// - Returns: nil when it was cancelled.
    /// - Throws: `UserError` when the teacher predicts no masks, an image cannot be read or the disk is full; `TorchError`.
    public func run(
        to url: URL, device: Device, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
    ) throws -> PseudoLabels? {
        let finder = try finder(device)
        guard finder.objectClasses.names == classes.names else {
            throw UserError(
                "\(info.teacher.path) looks for \(finder.objectClasses.excerpt), the data's objects are \(classes.excerpt)",
                hint: "Objects are looked for by name: rename classes with a full stop, a question mark or two spaces in a row.")
        }
        return try PseudoLabels.write(finder, in: images, info, to: url, progress: progress, isCancelled: isCancelled)
    }
}

extension DataRecipe {
    /// The classes of the training images' objects.
    /// - Throws: `UserError` when they have none.
    public func objectClasses() throws -> ClassList { try dataset(.train).objectClasses() }

    /// The score below which objects are no pseudo-labels.
    public var leastScore: Double { (unlabelled ?? UnlabelledRecipe()).threshold }
}

extension PseudoLabelInfo.Teacher {
    /// - Parameter path: as it was given.
    /// - Throws: `UserError` when the file cannot be read.
    init(_ saved: SavedModel, at path: String) throws {
        self.init(name: saved.info.model, path: path, digest: try Self.digest(of: [saved.url]))
    }

    /// A detector that reads, whose boxes prompt a SAM 2.
    /// - Throws: `UserError` when a file cannot be read.
    public init(detector: String, segmenter: String) throws {
        let folders = [detector, segmenter].map { URL(fileURLWithPath: $0) }
        self.init(
            name: folders.map(\.lastPathComponent).joined(separator: " + "), path: detector, segmenter: segmenter,
            digest: try Self.digest(of: folders))
    }

    /// What it is now; nil where it is not here any more.
    /// - Throws: `UserError` when a file cannot be read.
    func atPresent() throws -> Self? {
        guard ([path] + (segmenter.map { [$0] } ?? [])).allSatisfy(FileManager.default.fileExists) else { return nil }
        if let segmenter { return try Self(detector: path, segmenter: segmenter) }
        // A run folder may have been kept without its checkpoints.
        return SavedModel.isThere(URL(fileURLWithPath: path)) ? try Self(SavedModel(at: path), at: path) : nil
    }

    /// - Parameter weights: files, or folders with them.
    private static func digest(of weights: [URL]) throws -> String {
        let files = weights.flatMap { url -> [URL] in
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: url.path) else { return [url] }
            return names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".bin") }.sorted().map(url.appendingPathComponent)
        }
        return try files.map { try FileDigest.sha256("").actual(of: $0) }.joined()
    }
}
