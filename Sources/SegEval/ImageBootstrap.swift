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

    /// Draws of the difference in the mean over the classes, and of every class's difference. Not a number where a draw has no true pixels.
    struct Draws {
        var means: [Double] = []
        var byClass: [[Double]]
    }

    func draws(resamples: Int, randomSeed: Int) -> Draws {
        var random = SeededRandom(randomSeed)
        let width = rows[0].count
        var sums = [Double](repeating: 0, count: width)
        var draws = Draws(byClass: [[Double]](repeating: [], count: classes))
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
            for index in 0..<classes {
                let difference = sums[index] > 0 ? difference(sums, index) : .nan
                draws.byClass[index].append(difference)
                guard !difference.isNaN else { continue }
                sum += difference
                present += 1
            }
            draws.means.append(sum / Double(present))
        }
        return draws
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
}

extension ImageBootstrap.Draws {
    /// Of the mean over several test sets, in which each weighs the same: their draws are independent of each other.
    /// A class counts in those sets where it has a score.
    init(meanOf sets: [ImageBootstrap.Draws]) {
        func mean(_ values: [Double]) -> Double {
            let known = values.filter { !$0.isNaN }
            return known.reduce(0, +) / Double(known.count)
        }
        byClass = sets[0].byClass.indices.map { index in
            sets[0].means.indices.map { draw in mean(sets.map { $0.byClass[index][draw] }) }
        }
        means = sets[0].means.indices.map { draw in mean(sets.map { $0.means[draw] }) }
    }

    /// The percentile intervals of the mean and of every class.
    func intervals(confidence: Double) -> (mean: Interval?, classes: [Interval?]) {
        let tail = (1 - confidence) / 2
        func interval(_ draws: [Double]) -> Interval? {
            let sorted = draws.filter { !$0.isNaN }.sorted()
            return sorted.isEmpty ? nil : Interval(Self.quantile(sorted, tail), Self.quantile(sorted, 1 - tail))
        }
        return (interval(means), byClass.map(interval))
    }

    /// Linear between the two nearest of the sorted values (Hyndman & Fan's type 7).
    private static func quantile(_ sorted: [Double], _ fraction: Double) -> Double {
        let position = fraction * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
}
