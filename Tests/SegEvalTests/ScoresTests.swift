import SegEval
import Support
import Testing

@Suite struct ScoresTests {
    /// Scores from the pixels themselves, by the definitions, without a confusion matrix.
    private struct Oracle {
        let truth: [Int]
        let predicted: [Int]
        let classes: Int

        func members(_ labels: [Int], _ label: Int) -> Set<Int> { Set(labels.indices.filter { labels[$0] == label && truth[$0] != 255 }) }

        func iou(_ label: Int) -> Double? {
            let (real, guessed) = (members(truth, label), members(predicted, label))
            return real.isEmpty ? nil : Double(real.intersection(guessed).count) / Double(real.union(guessed).count)
        }

        func dice(_ label: Int) -> Double? {
            let (real, guessed) = (members(truth, label), members(predicted, label))
            return real.isEmpty ? nil : 2 * Double(real.intersection(guessed).count) / Double(real.count + guessed.count)
        }

        func recall(_ label: Int) -> Double? {
            let real = members(truth, label)
            return real.isEmpty ? nil : Double(real.filter { predicted[$0] == label }.count) / Double(real.count)
        }

        func mean(_ value: (Int) -> Double?) -> Double {
            let values = (0..<classes).compactMap(value)
            return values.reduce(0, +) / Double(values.count)
        }

        var confusion: [[Int64]] {
            var matrix = [[Int64]](repeating: [Int64](repeating: 0, count: classes), count: classes)
            for (label, guess) in zip(truth, predicted) where label != 255 { matrix[label][guess] += 1 }
            return matrix
        }
    }

    @Test(arguments: 1...20) func agreesWithTheDefinitions(seed: Int) {
        var random = SeededRandom(seed)
        let classes = 2 + random.below(6)
        // Class 0 is left out of the truth every other time; a tenth of the pixels is ignored.
        let lowest = seed % 2
        let truth = (0..<400).map { _ in random.below(10) == 0 ? 255 : lowest + random.below(classes - lowest) }
        let predicted = truth.map { $0 != 255 && random.unit() < 0.6 ? $0 : random.below(classes) }
        let oracle = Oracle(truth: truth, predicted: predicted, classes: classes)
        let scores = Scores(confusion: oracle.confusion)

        for label in 0..<classes {
            #expect(isClose(scores.classIoU[label], oracle.iou(label)))
            #expect(isClose(scores.classDice[label], oracle.dice(label)))
            #expect(isClose(scores.classAccuracy[label], oracle.recall(label)))
        }
        #expect(isClose(scores.meanIoU, oracle.mean(oracle.iou)))
        #expect(isClose(scores.meanDice, oracle.mean(oracle.dice)))
        #expect(isClose(scores.meanAccuracy, oracle.mean(oracle.recall)))
        let scored = truth.indices.filter { truth[$0] != 255 }
        let correct = scored.filter { truth[$0] == predicted[$0] }
        #expect(isClose(scores.pixelAccuracy, Double(correct.count) / Double(scored.count)))
        let weighted = scored.reduce(0) { $0 + (oracle.iou(truth[$1]) ?? 0) } / Double(scored.count)
        #expect(isClose(scores.frequencyWeightedIoU, weighted))
    }

    @Test func aClassThatIsOnlyPredictedHasNoScoreButCostsTheOthers() {
        let scores = Scores(confusion: [[6, 0, 2], [0, 4, 0], [0, 0, 0]])
        #expect(scores.classIoU == [0.75, 1, nil])
        #expect(scores.meanIoU == 0.875)
    }

    @Test func nothingScoredIsNotANumber() {
        let scores = Scores(confusion: [[0, 0], [0, 0]])
        #expect(scores.classIoU == [nil, nil])
        #expect(scores.meanIoU.isNaN && scores.pixelAccuracy.isNaN)
    }
}

func isClose(_ a: Double?, _ b: Double?, _ tolerance: Double = 1e-12) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= tolerance * max(1, abs(b))
}
