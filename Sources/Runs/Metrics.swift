import Foundation
import SegEval
import Support

/// A class as metrics and pictures name and show it.
public struct ScoredClass: Codable, Sendable, Equatable {
    public var name: String
    /// Red, green, blue.
    public var color: [UInt8]

    public init(name: String, color: [UInt8]) {
        self.name = name
        self.color = color
    }
}

/// The record of one evaluation: `metrics/NAME.json`. Scores are fractions, not per cent.
///
/// The counts are what `compare` and the report compute from; the scores stand beside them for readers of the file.
public struct Metrics: Codable, Sendable, Equatable {
    public var dataset: String
    /// `val`, `test`, `target-NAME`.
    public var split: String
    public var model: String
    /// `best`, `last`, or a file.
    public var checkpoint: String
    /// Optimiser steps that the checkpoint had taken; nil for weights from elsewhere.
    public var step: Int?
    public var arm: String?
    public var method: String?
    public var seed: Int?
    /// How images were tested: `whole image`, `sliding 512×512`, `whole image, flip, scales 0.75 1 1.25`.
    public var protocolName: String
    public var parameters: Int?
    /// Images a second through the model and its post-processing, decoding left out.
    public var imagesPerSecond: Double?
    public var classes: [ScoredClass]
    /// K rows of K pixel counts: `confusion[truth][predicted]`.
    public var confusion: [[Int64]]
    /// By true class, the pixels that were predicted as none of the classes; nil in older records.
    public var outside: [Int64]?
    public var images: [ImageTally]
    public var meanIoU: Double
    public var pixelAccuracy: Double
    public var meanAccuracy: Double
    /// K values; nil where the class does not occur in the truth.
    public var classIoU: [Double?]
    public var meanDice: Double?
    public var classDice: [Double?]?
    public var classAccuracy: [Double?]?
    /// Nil unless `evaluation.metrics` asks for them.
    public var extra: SemanticScores?
    public var calibration: Calibration?
    /// The parts of the data, where it has several, or this data set and the target domains, and the means over them.
    public var domains: DomainScores?
    public var created: Date

    public init(
        dataset: String, split: String, model: String, checkpoint: String, step: Int? = nil, arm: String? = nil,
        method: String? = nil, seed: Int? = nil, protocolName: String = "whole image", parameters: Int? = nil,
        imagesPerSecond: Double? = nil, classes: [ScoredClass], confusion: [[Int64]], images: [ImageTally],
        meanIoU: Double, pixelAccuracy: Double, meanAccuracy: Double, classIoU: [Double?], created: Date = .now
    ) {
        self.dataset = dataset
        self.split = split
        self.model = model
        self.checkpoint = checkpoint
        self.step = step
        self.arm = arm
        self.method = method
        self.seed = seed
        self.protocolName = protocolName
        self.parameters = parameters
        self.imagesPerSecond = imagesPerSecond
        self.classes = classes
        self.confusion = confusion
        self.images = images
        self.meanIoU = meanIoU
        self.pixelAccuracy = pixelAccuracy
        self.meanAccuracy = meanAccuracy
        self.classIoU = classIoU
        self.created = created
    }

    private enum CodingKeys: String, CodingKey {
        case dataset, split, model, checkpoint, step, arm, method, seed, parameters, imagesPerSecond, classes, confusion, outside, images
        case meanIoU, pixelAccuracy, meanAccuracy, classIoU, meanDice, classDice, classAccuracy, extra, calibration, domains, created
        case protocolName = "protocol"
    }

    /// - Throws: `UserError` naming `file` when the counts do not fit the classes.
    func checkShape(_ file: URL) throws {
        let count = classes.count
        func expect(_ what: String, _ found: Int) throws {
            guard found == count else { throw UserError("\(file.path): \(count) classes, but \(what) has \(found) entries") }
        }
        try expect("confusion", confusion.count)
        for (index, row) in confusion.enumerated() { try expect("confusion row \(index)", row.count) }
        try expect("classIoU", classIoU.count)
        if let outside { try expect("outside", outside.count) }
        for image in images {
            try expect("intersection of \(image.image)", image.intersection.count)
            try expect("truth of \(image.image)", image.truth.count)
            try expect("predicted of \(image.image)", image.predicted.count)
            for counts in image.boundary.map({ [$0.intersection, $0.truth, $0.predicted] }) ?? [] {
                try expect("boundary of \(image.image)", counts.count)
            }
        }
        let counts = confusion.joined()
        guard counts.allSatisfy({ $0 >= 0 }) else { throw UserError("\(file.path): negative pixel counts") }
        guard classes.allSatisfy({ $0.color.count == 3 }) else { throw UserError("\(file.path): a colour is three numbers, 0 to 255") }
    }
}

extension RunFolder {
    public func metricsFile(named name: String) -> URL { metrics.appendingPathComponent("\(name).json") }

    /// The evaluation on a target domain: `target-NAME`.
    public static func targetName(_ name: String) -> String { "target-\(name)" }

    /// Writes `metrics/NAME.json`, with `name` such as `test` or `val`; an earlier one of that name is replaced.
    public func write(_ metrics: Metrics, named name: String) throws {
        try FileManager.default.createDirectory(at: self.metrics, withIntermediateDirectories: true)
        try JSONFile.write(metrics, to: metricsFile(named: name))
    }

    /// - Throws: `UserError` when the file is missing, is not such a record, or contradicts itself.
    public func readMetrics(named name: String) throws -> Metrics {
        let file = metricsFile(named: name)
        let metrics = try JSONFile.read(Metrics.self, from: file)
        try metrics.checkShape(file)
        return metrics
    }

    /// The names under which evaluations of label maps are kept, in order.
    public func metricsNames() -> [String] { allMetricsNames().filter { !Self.isOfObjects($0) } }

    /// The same of objects.
    public func objectMetricsNames() -> [String] {
        allMetricsNames().filter(Self.isOfObjects).map { String($0.dropLast(Self.objectsSuffix.count)) }
    }

    /// A target domain, of label maps, may be called anything.
    private static func isOfObjects(_ name: String) -> Bool { name.hasSuffix(objectsSuffix) && !name.hasPrefix(targetName("")) }

    private func allMetricsNames() -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: metrics.path)) ?? []
        return files.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
    }
}
