import Foundation
import SegData
import Support
import Torch

/// The outcome of one pass over a data set.
public struct Evaluation: Sendable {
    /// `confusion[truth][predicted]` pixels.
    public let confusion: [[Int64]]
    public let images: [ImageTally]
    public let scores: Scores
    /// Seconds for the network and its post-processing, and for everything.
    public let networkSeconds: Double
    public let seconds: Double
}

/// Runs a network over a labelled data set and scores it.
public struct Evaluator {
    public let dataset: any Dataset
    public let settings: TestProtocol
    public let device: Device
    /// Threads that decode ahead of the network.
    public var loaderThreads = 1

    public init(_ dataset: any Dataset, _ settings: TestProtocol, device: Device = .cpu) {
        self.dataset = dataset
        self.settings = settings
        self.device = device
    }

    /// - Parameters:
    ///   - network: B×h×w×3 bytes (or floats of the same range) on the device and a size to B×K×size logits.
    ///   - outputMap: what a predicted class counts as, for a network with other classes than the data set's; nil for none.
    ///   - progress: called with the number of images done.
    ///   - onPrediction: called with each image's index and its prediction (H×W, on the device).
    /// - Throws: what the data set throws; `TorchError`.
    public func run(
        network: (Tensor, [Int]) -> Tensor, outputMap: Tensor? = nil, progress: (Int) -> Void = { _ in },
        onPrediction: ((Int, Tensor) throws -> Void)? = nil
    ) throws -> Evaluation {
        let classes = dataset.classes.count
        let start = Self.now()
        var networkSeconds = 0.0
        let options = LoaderOptions.evaluation(batchSize: settings.batchSize, threads: loaderThreads)
        let loader = try Loader(dataset, options)
        let confusion = ConfusionMatrix(classes: classes, device: device)
        var names: [String] = []
        try withTorchErrors {
            try withoutGradients {
                while let batch = try loader.next() {
                    let begin = Self.now()
                    let images = batch.images(on: device)
                    let labels = batch.labels(on: device)
                    let output = [batch.size.height, batch.size.width]
                    var prediction = settings.scores(images, output: output, network: network).argmax(1)
                    if let outputMap { prediction = outputMap[prediction] }
                    confusion.add(prediction, labels)
                    networkSeconds += Self.now() - begin
                    for (row, index) in batch.indices.enumerated() {
                        names.append(dataset.name(index))
                        try onPrediction?(index, prediction[row])
                    }
                    progress(names.count)
                }
            }
        }
        let begin = Self.now()
        let counts = try withTorchErrors { confusion.read() }
        let end = Self.now()
        networkSeconds += end - begin
        let images = zip(names, counts.images).map {
            ImageTally(image: $0, intersection: $1[0], truth: $1[1], predicted: $1[2])
        }
        return Evaluation(
            confusion: counts.confusion, images: images, scores: Scores(confusion: counts.confusion), networkSeconds: networkSeconds,
            seconds: end - start)
    }

    private static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}

extension Batch {
    /// The images as a tensor of B×H×W×3 bytes: over the batch's own memory on the CPU, copied elsewhere.
    public func images(on device: Device) -> Tensor {
        withImages { over($0, [count, size.height, size.width, 3], device) }
    }

    /// The second view of the images, as ``images(on:)``; nil when there is none.
    public func strongImages(on device: Device) -> Tensor? {
        withStrongImages { over($0, [count, size.height, size.width, 3], device) }
    }

    /// The labels as a tensor of B×H×W bytes, as ``images(on:)``.
    public func labels(on device: Device) -> Tensor {
        withLabels { over($0, [count, size.height, size.width], device) }
    }

    private func over(_ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ device: Device) -> Tensor {
        let memory = UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
        return Tensor.over(memory, shape: shape, dtype: .uint8, keeping: self).to(device)
    }
}
