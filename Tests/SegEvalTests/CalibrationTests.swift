import SegEval
import Support
import Testing

@Suite struct CalibrationTests {
    /// Guo et al.'s sum over explicit lists of each bin's members.
    private func expectedError(_ predictions: [(confidence: Double, isCorrect: Bool)], bins: Int) -> Double {
        (1...bins).reduce(0) { sum, bin in
            let (low, high) = (Double(bin - 1) / Double(bins), Double(bin) / Double(bins))
            let members = predictions.filter { $0.confidence > low && $0.confidence <= high }
            guard !members.isEmpty else { return sum }
            let accuracy = Double(members.count { $0.isCorrect }) / Double(members.count)
            let confidence = members.reduce(0) { $0 + $1.confidence } / Double(members.count)
            return sum + abs(accuracy - confidence) * Double(members.count) / Double(predictions.count)
        }
    }

    @Test(arguments: [5, 15]) func errorIsTheWeightedGapOfTheBins(bins: Int) throws {
        var random = SeededRandom(bins)
        let predictions = (0..<2000).map { _ in
            let confidence = 0.1 + 0.9 * random.unit()
            return (confidence: confidence, isCorrect: random.unit() < confidence * confidence)
        }
        var reliability = Reliability(bins: bins)
        for prediction in predictions { reliability.add(confidence: prediction.confidence, isCorrect: prediction.isCorrect) }
        let calibration = Calibration(reliability)
        #expect(isClose(calibration.expectedError, expectedError(predictions, bins: bins), 1e-12))
        #expect(try #require(calibration.overconfidence) > 0.05)
    }

    @Test func edgesBelongToTheBinBelow() {
        var reliability = Reliability(bins: 4)
        for confidence in [0.0, 0.25, 0.25000001, 0.5, 1.0] { reliability.add(confidence: confidence, isCorrect: true) }
        #expect(reliability.counts == [2, 2, 0, 1])
        #expect(Calibration(Reliability()).expectedError == nil)
    }
}
