import Foundation
import SegEval
import Support

/// The record of one evaluation of objects: `metrics/NAME-objects.json`. Scores are fractions, not per cent.
public struct InstanceMetrics: Codable, Sendable, Equatable {
    public var dataset: String
    /// `train`, `val`, `test`.
    public var split: String
    public var model: String
    /// `best`, `last`, or a file.
    public var checkpoint: String
    /// Optimiser steps that the checkpoint had taken; nil for weights from elsewhere.
    public var step: Int?
    public var arm: String?
    public var method: String?
    public var seed: Int?
    /// How images were tested: `whole image`, `whole image, at 512×512`.
    public var protocolName: String
    public var parameters: Int?
    public var images: Int
    /// COCO's, of the objects' masks.
    public var masks: COCOScores
    /// Of the smaller of the IoUs of masks and boundaries.
    public var boundaries: COCOScores
    /// By Cityscapes' rules; nil where the recipe's are COCO's. They chose the checkpoint, then.
    public var cityscapes: CityscapesScores?

    public init(
        dataset: String, split: String, model: String, checkpoint: String, step: Int?, protocolName: String, images: Int,
        masks: COCOScores, boundaries: COCOScores
    ) {
        (self.dataset, self.split, self.model, self.checkpoint, self.step) = (dataset, split, model, checkpoint, step)
        (self.protocolName, self.images, self.masks, self.boundaries) = (protocolName, images, masks, boundaries)
    }
}

extension RunFolder {
    static let objectsSuffix = "-objects"

    public func objectMetricsFile(named name: String) -> URL { metrics.appendingPathComponent(name + Self.objectsSuffix + ".json") }

    /// What the evaluation of that name found, as COCO's results: `predictions/NAME.json`.
    public func objectsFile(named name: String) -> URL {
        predictions(named: name).deletingLastPathComponent().appendingPathComponent(name + ".json")
    }

    /// The truth that ``objectsFile(named:)`` is numbered as: `predictions/NAME-truth.json`.
    public func trueObjectsFile(named name: String) -> URL { objectsFile(named: name + "-truth") }

    /// What the evaluation of that name found, told right from wrong; nil where it left no files.
    /// - Throws: `UserError` naming the file that is damaged.
    public func judgedObjects(named name: String) throws -> JudgedObjects? {
        let (truth, results) = (trueObjectsFile(named: name), objectsFile(named: name))
        guard [truth, results].allSatisfy({ FileManager.default.fileExists(atPath: $0.path) }) else { return nil }
        return try JudgedObjects(truth: truth, results: results)
    }

    public func write(_ metrics: InstanceMetrics, named name: String) throws {
        try FileManager.default.createDirectory(at: self.metrics, withIntermediateDirectories: true)
        try JSONFile.write(metrics, to: objectMetricsFile(named: name))
    }

    /// - Throws: `UserError` naming the file that is missing or damaged.
    public func readObjectMetrics(named name: String) throws -> InstanceMetrics { try JSONFile.read(from: objectMetricsFile(named: name)) }
}
