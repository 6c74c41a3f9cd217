import Foundation

/// One line of `events.jsonl`; the key `event` tells which kind.
public enum RunEvent: Sendable, Equatable {
    case step(StepEvent)
    case evaluation(EvaluationEvent)

    /// Optimiser steps taken when the event happened.
    public var step: Int {
        switch self {
        case .step(let event): event.step
        case .evaluation(let event): event.step
        }
    }

    /// Seconds since 1970.
    public var time: Double {
        switch self {
        case .step(let event): event.time
        case .evaluation(let event): event.time
        }
    }
}

/// What is known after an optimiser step; means over the steps since the last such event.
public struct StepEvent: Codable, Sendable, Equatable {
    /// Optimiser steps taken, this one included.
    public var step: Int
    /// Passes over the training data, with the begun one's fraction.
    public var epoch: Double
    /// `total` and each term by name, weighted as it entered the total.
    public var losses: [String: Double]
    /// Each term by name before its weight, and what it consists of (`cirkd.pixel`); over the steps that computed it. Nil in older records.
    public var unweighted: [String: Double]?
    /// Each term's part of the gradient on the student's trunk, where it was measured since the last line: they add up to 1.
    public var gradientShares: [String: Double]?
    public var learningRate: Double
    /// The L2 norm of all gradients, before clipping.
    public var gradientNorm: Double?
    public var imagesPerSecond: Double
    /// Seconds a step by phase: `data` is the wait for the loader; `step`, or its parts.
    public var seconds: [String: Double]
    /// Bytes: the process's resident memory, or what the accelerator has allocated.
    public var memory: Int?
    /// Seconds since 1970.
    public var time: Double

    public init(
        step: Int, epoch: Double, losses: [String: Double], unweighted: [String: Double]? = nil, gradientShares: [String: Double]? = nil,
        learningRate: Double, gradientNorm: Double? = nil, imagesPerSecond: Double, seconds: [String: Double], memory: Int? = nil,
        time: Double = Date.now.timeIntervalSince1970
    ) {
        self.step = step
        self.epoch = epoch
        self.losses = losses
        self.unweighted = unweighted
        self.gradientShares = gradientShares
        self.learningRate = learningRate
        self.gradientNorm = gradientNorm
        self.imagesPerSecond = imagesPerSecond
        self.seconds = seconds
        self.memory = memory
        self.time = time
    }
}

/// The scores of an evaluation during training. Fractions, not per cent.
public struct EvaluationEvent: Codable, Sendable, Equatable {
    public var step: Int
    public var epoch: Double
    /// `val`, `test`.
    public var split: String
    /// Nil where no labels are read, as the next.
    public var meanIoU: Double?
    public var pixelAccuracy: Double?
    /// Of the objects' masks, COCO's or Cityscapes'; nil where none are learnt, as the next.
    public var averagePrecision: Double?
    public var averagePrecision50: Double?
    /// Where no labels are read: the weighted sum of the distillation's losses, which is to fall.
    public var loss: Double?
    /// Whether `checkpoints/best` is now this one.
    public var best: Bool
    /// How long it took.
    public var seconds: Double
    /// Seconds since 1970.
    public var time: Double

    public init(
        step: Int, epoch: Double, split: String, meanIoU: Double? = nil, pixelAccuracy: Double? = nil, averagePrecision: Double? = nil,
        averagePrecision50: Double? = nil, loss: Double? = nil, best: Bool, seconds: Double,
        time: Double = Date.now.timeIntervalSince1970
    ) {
        self.step = step
        self.epoch = epoch
        self.split = split
        self.meanIoU = meanIoU
        self.pixelAccuracy = pixelAccuracy
        self.averagePrecision = averagePrecision
        self.averagePrecision50 = averagePrecision50
        self.loss = loss
        self.best = best
        self.seconds = seconds
        self.time = time
    }

    /// What the best checkpoint is chosen by; it is to rise.
    public var score: Double { meanIoU ?? averagePrecision ?? loss.map { -$0 } ?? -.infinity }
}

extension RunEvent: Codable {
    private enum Kind: String, Codable {
        case step, evaluation
    }

    private enum CodingKeys: String, CodingKey {
        case event
    }

    public init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .event) {
        case .step: self = .step(try StepEvent(from: decoder))
        case .evaluation: self = .evaluation(try EvaluationEvent(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .step(let event):
            try container.encode(Kind.step, forKey: .event)
            try event.encode(to: encoder)
        case .evaluation(let event):
            try container.encode(Kind.evaluation, forKey: .event)
            try event.encode(to: encoder)
        }
    }
}
