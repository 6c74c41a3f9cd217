import Foundation
import SegData
import SegEval
import Support
import Torch
import Vision

/// Scores predictions on threads of its own, which wait for the device in the network's stead.
final class ScoringWork: @unchecked Sendable {
    /// The predictions of a batch: B×H×W bytes on the device. The batch's labels are read from its own memory.
    private struct Job {
        let prediction: Tensor
        let batch: Batch
    }

    private let dataset: any Dataset
    private let metrics: SemanticMetrics
    private let total: SemanticTotal
    private let onPrediction: (@Sendable (Int, LabelMap) throws -> Void)?

    // Guarded by `condition`.
    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var liveThreads: Int
    private var isClosed = false
    private var failure: (any Error)?
    /// Batches that may wait: the network gets no further ahead.
    private let room: Int

    /// - Parameter onPrediction: called with each image's place in the data set and its prediction, on any thread.
    init(
        _ dataset: any Dataset, _ metrics: SemanticMetrics, threads: Int, onPrediction: (@Sendable (Int, LabelMap) throws -> Void)?
    ) {
        self.dataset = dataset
        self.metrics = metrics
        self.onPrediction = onPrediction
        total = SemanticTotal(classes: dataset.classes.count, metrics, count: dataset.count)
        liveThreads = threads
        room = 2 * threads
        for number in 0..<threads {
            let thread = Thread { [self] in work() }
            thread.name = "scoring \(number)"
            thread.start()
        }
    }

    /// - Throws: what scoring an earlier batch threw.
    func submit(_ prediction: Tensor, _ batch: Batch) throws {
        condition.lock()
        defer { condition.unlock() }
        while jobs.count >= room, failure == nil { condition.wait() }
        if let failure { throw failure }
        jobs.append(Job(prediction: prediction, batch: batch))
        condition.broadcast()
    }

    /// Waits until everything is scored.
    func finish() throws -> (tally: SemanticTally, images: [ImageTally], scores: SemanticScores) {
        close()
        if let failure { throw failure }
        return total.read()
    }

    /// Ends the threads. To be called on every way out.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        while liveThreads > 0 { condition.wait() }
        condition.unlock()
    }

    // MARK: The threads

    private func work() {
        var counter = SemanticCounter(classes: dataset.classes.count, metrics)
        while let job = next() {
            do { try withTorchErrors { try score(job, &counter) } } catch {
                condition.lock()
                if failure == nil { failure = error }
                jobs = []
                condition.broadcast()
                condition.unlock()
            }
        }
        condition.lock()
        liveThreads -= 1
        condition.broadcast()
        condition.unlock()
    }

    private func next() -> Job? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty, !isClosed { condition.wait() }
        guard !jobs.isEmpty else { return nil }
        condition.broadcast()
        return jobs.removeFirst()
    }

    private func score(_ job: Job, _ counter: inout SemanticCounter) throws {
        let (width, height) = (job.batch.size.width, job.batch.size.height)
        try job.prediction.withUnsafeBytes { predictions in
            // An operator that failed leaves nothing; its scope throws.
            guard predictions.count == job.batch.labelBytes else { return }
            try job.batch.withLabels { labels in
                for (row, index) in job.batch.indices.enumerated() {
                    let prediction = UnsafeBufferPointer(
                        rebasing: predictions.bindMemory(to: UInt8.self)[row * width * height..<(row + 1) * width * height])
                    let truth = labels.bindMemory(to: UInt8.self).baseAddress! + row * width * height
                    let tally = try counter.count(prediction: prediction.baseAddress!, truth: truth, width: width, height: height)
                    total.add(tally, image: dataset.name(index), at: index, width: width, height: height)
                    try onPrediction?(index, LabelMap(width: width, height: height, values: Array(prediction)))
                }
            }
        }
    }
}
