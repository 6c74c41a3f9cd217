import Foundation
import SegEval

/// The record of one evaluation of objects: `metrics/NAME-objects.json`. Scores are fractions, not per cent.
public struct InstanceMetrics: Codable, Sendable, Equatable {
    public var dataset: String
    /// `val`, `test`.
    public var split: String
    public var model: String
    /// `best`, `last`, or a file.
    public var checkpoint: String
    /// Optimiser steps that the checkpoint had taken; nil for weights from elsewhere.
    public var step: Int?
    public var arm: String?
    public var method: String?
    public var seed: Int?
    public var images: Int
    /// COCO's: of masks, then of masks and their boundaries.
    public var scores: [COCOScores]

    public init(
        dataset: String, split: String, model: String, checkpoint: String, step: Int?, arm: String?, method: String?, seed: Int?,
        images: Int, scores: [COCOScores]
    ) {
        (self.dataset, self.split, self.model, self.checkpoint, self.step) = (dataset, split, model, checkpoint, step)
        (self.arm, self.method, self.seed, self.images, self.scores) = (arm, method, seed, images, scores)
    }
}

extension RunFolder {
    public func objectMetricsFile(named name: String) -> URL { metrics.appendingPathComponent("\(name)-objects.json") }
    /// The objects that the evaluation of that name found, as COCO's results.
    public func objects(named name: String) -> URL { predictions(named: name).appendingPathExtension("json") }

    public func write(_ metrics: InstanceMetrics, named name: String) throws {
        try FileManager.default.createDirectory(at: self.metrics, withIntermediateDirectories: true)
        try JSONFile.write(metrics, to: objectMetricsFile(named: name))
    }
}
