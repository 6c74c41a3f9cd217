import Foundation
import SegData
import SegEval
import Testing
import Torch
import Train
import Vision

@Suite struct EvaluatorTests {
    private let scenes: StreetScenes
    init() throws { scenes = try StreetScenes(seed: 3, count: 5, width: 40, height: 24) }

    /// Logits that depend on the picture alone: class k prefers pixels whose brightness is near 23 k.
    private func network(_ images: Tensor, _ size: [Int]) -> Tensor {
        let brightness = images.float.mean([3])
        let classes = Tensor.arange(0, 11).float.reshape(1, 11, 1, 1) * 23
        let distance = brightness.reshape(brightness.size(0), 1, brightness.size(1), brightness.size(2)) - classes
        return distance.square() * -0.002
    }

    @Test func theLoopCountsWhatTheMetricsCountOnTheSameMaps() throws {
        var evaluator = Evaluator(scenes, TestProtocol(batchSize: 2))
        evaluator.metrics = .all
        evaluator.calibration = true
        evaluator.scoringThreads = 3
        let maps = Maps()
        let result = try evaluator.run(network: network, onPrediction: { maps.keep($0, $1) })

        var counter = SemanticCounter(classes: 11, .all)
        let total = SemanticTotal(classes: 11, .all, count: 5)
        var reliability = Reliability()
        for index in 0..<5 {
            let sample = scenes.sample(index)
            let truth = try #require(sample.labels)
            let map = try #require(maps[index])
            let pixels = Tensor(sample.image.pixels, shape: [1, 24, 40, 3])
            let probabilities = network(pixels, [24, 40]).softmax(1)
            let best = probabilities.max(1)
            #expect(map.values == best.indices.to(.uint8).array(of: UInt8.self))
            let tally = try counter.count(prediction: map.values, truth: truth.values, width: 40, height: 24)
            total.add(tally, image: sample.name, at: index, width: 40, height: 24)
            for (place, confidence) in best.values.array(of: Float.self).enumerated() where truth.values[place] != 255 {
                reliability.add(confidence: Double(confidence), isCorrect: map.values[place] == truth.values[place])
            }
        }
        let expected = total.read()
        #expect(result.tally == expected.tally)
        #expect(result.images == expected.images)
        #expect(result.extra == expected.scores)
        let curve = try #require(result.reliability)
        #expect(curve.counts == reliability.counts && curve.correct == reliability.correct)
        #expect(zip(curve.confidences, reliability.confidences).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(reliability.counts.filter { $0 > 0 }.count > 3)
    }

    @Test func aMappedPredictionThatIsNoClassIsCounted() throws {
        let map = Tensor((0..<11).map { $0 == 3 ? 255 : $0 })
        let plain = try Evaluator(scenes, TestProtocol()).run(network: network)
        let mapped = try Evaluator(scenes, TestProtocol()).run(network: network, outputMap: map)
        for label in 0..<11 {
            #expect(mapped.tally.outside[label] == plain.tally.confusion[label][3])
            #expect(mapped.tally.confusion[label][3] == 0)
        }
        #expect(mapped.tally.outside.reduce(0, +) > 0)
        #expect(mapped.tally.pixels.truth == plain.tally.pixels.truth)
    }

    @Test func anErrorWhileScoringEndsTheLoop() {
        struct Full: Error {}
        #expect(throws: Full.self) {
            _ = try Evaluator(scenes, TestProtocol()).run(network: network, onPrediction: { _, _ in throw Full() })
        }
    }

    private final class Maps: @unchecked Sendable {
        private let lock = NSLock()
        private var maps: [Int: LabelMap] = [:]
        func keep(_ index: Int, _ map: LabelMap) { lock.withLock { maps[index] = map } }
        subscript(index: Int) -> LabelMap? { lock.withLock { maps[index] } }
    }
}
