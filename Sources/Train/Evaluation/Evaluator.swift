import Foundation
import SegData
import SegEval
import Support
import Torch
import Vision

/// The outcome of one pass over a data set.
public struct Evaluation: Sendable {
    public let tally: SemanticTally
    /// In the data set's order.
    public let images: [ImageTally]
    public let scores: Scores
    /// What was asked for beyond the confusion matrix.
    public let extra: SemanticScores
    /// Nil when it was not asked for.
    public let reliability: Reliability?
    /// Seconds for the network and its post-processing, and for everything.
    public let networkSeconds: Double
    public let seconds: Double
}

/// Runs a network over a labelled data set and scores it.
///
/// The loop only launches work: predictions are fetched from the device and counted by threads of the host, one batch or more behind.
public struct Evaluator {
    public let dataset: any Dataset
    public let settings: TestProtocol
    public let device: Device
    public var metrics = SemanticMetrics.cheap
    /// Whether confidences are compared with what is right.
    public var calibration = false
    /// Threads that decode ahead of the network.
    public var loaderThreads = 1
    /// Threads that score behind it.
    public var scoringThreads = max(1, min(8, ProcessInfo.processInfo.activeProcessorCount / 2))

    public init(_ dataset: any Dataset, _ settings: TestProtocol, device: Device = .cpu) {
        self.dataset = dataset
        self.settings = settings
        self.device = device
    }

    /// - Parameters:
    ///   - network: B×h×w×3 bytes (or floats of the same range) on the device and a size to B×K×size logits.
    ///   - outputMap: what a predicted class counts as, for a network with other classes than the data set's; nil for none.
    ///   - progress: called with the number of images that the network is done with.
    ///   - onPrediction: called with each image's place in the data set and its prediction, on any thread.
    /// - Throws: what the data set throws; `TorchError`.
    public func run(
        network: (Tensor, [Int]) -> Tensor, outputMap: Tensor? = nil, progress: (Int) -> Void = { _ in },
        onPrediction: (@Sendable (Int, LabelMap) throws -> Void)? = nil
    ) throws -> Evaluation {
        let start = Self.now()
        var (networkSeconds, secondsWaited) = (0.0, 0.0)
        let loader = try Loader(dataset, LoaderOptions.evaluation(batchSize: settings.batchSize, threads: loaderThreads))
        let work = ScoringWork(dataset, metrics, threads: scoringThreads, onPrediction: onPrediction)
        defer { work.close() }
        let reliability = calibration ? DeviceReliability(device: device) : nil
        var done = 0
        try withTorchErrors {
            try withoutGradients {
                while let batch = try loader.next() {
                    let begin = Self.now()
                    secondsWaited += batch.secondsWaited
                    let images = batch.images(on: device)
                    let scores = settings.scores(images, output: [batch.size.height, batch.size.width], network: network)
                    var prediction: Tensor
                    if let reliability {
                        let best = (settings.givesLogits ? scores.softmax(1) : scores).max(1)
                        prediction = outputMap?[best.indices] ?? best.indices
                        reliability.add(best.values, prediction, batch.labels(on: device))
                    } else {
                        prediction = scores.argmax(1)
                        if let outputMap { prediction = outputMap[prediction] }
                    }
                    prediction = prediction.to(.uint8)
                    networkSeconds += Self.now() - begin
                    try work.submit(prediction, batch)
                    done += batch.count
                    progress(done)
                }
                device.synchronize()
            }
        }
        // Elsewhere than on the CPU, the network goes on while the loop does.
        if device != .cpu { networkSeconds = Self.now() - start - secondsWaited }
        let curve = try withTorchErrors { reliability?.read() }
        let counted = try work.finish()
        return Evaluation(
            tally: counted.tally, images: counted.images, scores: counted.tally.scores, extra: counted.scores, reliability: curve,
            networkSeconds: networkSeconds, seconds: Self.now() - start)
    }

    private static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}
