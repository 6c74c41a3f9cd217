import Support

/// Draws the images of a test set again, to see how much the difference of two arms depends on them.
struct ImageBootstrap {
    let images: Int
    private let classes: Int
    /// Runs of the first arm, then of the second.
    private let runs: [Int]
    /// By image: for each class the true pixels, then for each run and class the numerator, then likewise the denominator.
    private let rows: [[Double]]

    /// Nil when the arms' runs were not scored on the same images.
    init?(_ arm: [SeedResult], _ reference: [SeedResult]) {
        let all = arm + reference
        guard let first = all.first?.images, let classes = first.first?.truth.count else { return nil }
        let tables = all.map { run in Dictionary(run.images.map { ($0.image, $0) }, uniquingKeysWith: { old, _ in old }) }
        var rows: [[Double]] = []
        for image in first {
            let found = tables.compactMap { $0[image.image] }
            guard found.count == all.count, found.allSatisfy({ $0.truth == image.truth }) else { return nil }
            rows.append(image.truth + found.flatMap(\.numerator) + found.flatMap(\.denominator))
        }
        guard tables.allSatisfy({ $0.count == first.count }) else { return nil }
        images = first.count
        self.classes = classes
        runs = [arm.count, reference.count]
        self.rows = rows
    }

    /// The percentile intervals of the difference in the mean over the classes, and of every class's difference.
    func intervals(confidence: Double, resamples: Int, randomSeed: Int) -> (mean: Interval?, classes: [Interval?]) {
        var random = SeededRandom(randomSeed)
        let width = rows[0].count
        var sums = [Double](repeating: 0, count: width)
        var means: [Double] = []
        var byClass = [[Double]](repeating: [], count: classes)
        for _ in 0..<resamples {
            for index in 0..<width { sums[index] = 0 }
            for _ in 0..<images {
                rows[random.below(images)].withUnsafeBufferPointer { row in
                    sums.withUnsafeMutableBufferPointer { sums in
                        for index in 0..<width { sums[index] += row[index] }
                    }
                }
            }
            // A class without true pixels in a draw has no score in it, and a draw without any has none at all.
            var (sum, present) = (0.0, 0)
            for index in 0..<classes where sums[index] > 0 {
                let difference = difference(sums, index)
                byClass[index].append(difference)
                sum += difference
                present += 1
            }
            if present > 0 { means.append(sum / Double(present)) }
        }
        let tail = (1 - confidence) / 2
        func interval(_ draws: [Double]) -> Interval? {
            guard !draws.isEmpty else { return nil }
            let sorted = draws.sorted()
            return Interval(quantile(sorted, tail), quantile(sorted, 1 - tail))
        }
        return (interval(means), byClass.map(interval))
    }

    /// A class's mean score over the runs of the first arm, minus that of the second.
    private func difference(_ sums: [Double], _ index: Int) -> Double {
        let total = runs[0] + runs[1]
        func mean(_ runs: Range<Int>) -> Double {
            let scores = runs.reduce(0) { $0 + sums[classes * (1 + $1) + index] / sums[classes * (1 + total + $1) + index] }
            return scores / Double(runs.count)
        }
        return mean(0..<runs[0]) - mean(runs[0]..<total)
    }

    /// Linear between the two nearest of the sorted values (Hyndman & Fan's type 7).
    private func quantile(_ sorted: [Double], _ fraction: Double) -> Double {
        let position = fraction * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
}
