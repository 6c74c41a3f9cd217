import Foundation
import SegData
import Support
import Vision

/// Scores of a folder of predicted label maps.
public struct SemanticReport: Sendable {
    public let classes: ClassList
    public let tally: SemanticTally
    /// In the order of the names.
    public let images: [ImageTally]
    public let scores: Scores
    public let extra: SemanticScores
    /// Of the second predictions, where there are any.
    public let others: [ImageTally]
    public let agreement: Agreement?
    /// Nil unless they were asked for.
    public var domains: DomainScores?

    /// Reads and scores all pairs on all cores.
    /// - Parameter progress: called with the number of pairs done, from any thread, one call at a time.
    /// - Throws: the error of the first pair, by name, that has one.
    public init(
        _ pairs: LabelPairs, classes: ClassList, ignoring: Set<UInt8> = [], metrics: SemanticMetrics,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, progress: (@Sendable (Int) -> Void)? = nil
    ) throws {
        let work = Work(pairs.pairs, classes, ignoring, metrics, progress)
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, pairs.pairs.count))) { _ in work.run() }
        if let failure = work.failures.min(by: { $0.index < $1.index }) { throw failure.error }
        let counted = work.total.read()
        self.classes = classes
        tally = counted.tally
        images = counted.images
        scores = counted.tally.scores
        extra = counted.scores
        others = work.agreement == nil ? [] : work.others.read().images
        agreement = work.agreement
    }

    /// Pixels by class that were predicted as none of the classes, all together.
    public var outside: Int64 { tally.outside.reduce(0, +) }

    /// The classes without a pixel in the truth.
    public var absent: [String] { zip(classes.names, tally.pixels.truth).filter { $1 == 0 }.map(\.0) }

    private final class Work: @unchecked Sendable {
        let total: SemanticTotal
        let others: SemanticTotal
        private(set) var agreement: Agreement?
        private(set) var failures: [(index: Int, error: any Error)] = []
        private let pairs: [LabelPairs.Pair]
        private let classes: ClassList
        private let metrics: SemanticMetrics
        private let reader: LabelPairReader
        private let progress: (@Sendable (Int) -> Void)?
        private let lock = NSLock()
        private var claimed = 0

        init(
            _ pairs: [LabelPairs.Pair], _ classes: ClassList, _ ignoring: Set<UInt8>, _ metrics: SemanticMetrics,
            _ progress: (@Sendable (Int) -> Void)?
        ) {
            self.pairs = pairs
            self.classes = classes
            self.metrics = metrics
            self.progress = progress
            reader = LabelPairReader(classes: classes, ignoring: ignoring)
            total = SemanticTotal(classes: classes.count, metrics, count: pairs.count)
            others = SemanticTotal(classes: classes.count, .cheap, count: pairs.count)
            agreement = pairs.contains { $0.other != nil } ? Agreement(classes: classes.count) : nil
        }

        func run() {
            var counter = SemanticCounter(classes: classes.count, metrics)
            var plain = SemanticCounter(classes: classes.count, .cheap)
            while let index = claim() {
                do { try score(index, &counter, &plain) } catch { lock.withLock { failures.append((index, error)) } }
            }
        }

        /// Nil when all are taken or one has failed.
        private func claim() -> Int? {
            lock.withLock {
                guard claimed < pairs.count, failures.isEmpty else { return nil }
                defer { claimed += 1 }
                return claimed
            }
        }

        private func score(_ index: Int, _ counter: inout SemanticCounter, _ plain: inout SemanticCounter) throws {
            let pair = pairs[index]
            let (prediction, truth, other) = try reader.read(pair)
            let (width, height) = (truth.width, truth.height)
            let tally = try counter.count(prediction: prediction.values, truth: truth.values, width: width, height: height)
            total.add(tally, image: pair.name, at: index, width: width, height: height, progress: progress)
            guard let other else { return }
            let second = try plain.count(prediction: other.values, truth: truth.values, width: width, height: height)
            others.add(second, image: pair.name, at: index, width: width, height: height)
            var agreement = Agreement(classes: classes.count)
            agreement.add(student: prediction.values, teacher: other.values, truth: truth.values)
            lock.withLock { self.agreement? += agreement }
        }
    }
}
