import Support

/// Draws the images of a test set again, to see how much the difference of two arms depends on them.
struct ImageBootstrap {
    let images: Int
    private let classes: Int
    /// Runs of the first arm, then of the second.
    private let runs: [Int]
    /// By image: for each class the true pixels, then for each run and class the intersection, then likewise the union.
    private let counts: [[Int64]]

    /// Nil when the arms' runs were not scored on the same images.
    init?(_ arm: [SeedResult], _ reference: [SeedResult]) {
        let all = arm + reference
        guard let first = all.first?.images, let classes = first.first?.truth.count else { return nil }
        let tables = all.map { run in Dictionary(run.images.map { ($0.image, $0) }, uniquingKeysWith: { old, _ in old }) }
        var counts: [[Int64]] = []
        for image in first {
            let rows = tables.compactMap { $0[image.image] }
            guard rows.count == all.count, rows.allSatisfy({ $0.truth == image.truth }) else { return nil }
            let unions = rows.flatMap { row in (0..<classes).map { row.truth[$0] + row.predicted[$0] - row.intersection[$0] } }
            counts.append(image.truth + rows.flatMap(\.intersection) + unions)
        }
        guard tables.allSatisfy({ $0.count == first.count }) else { return nil }
        images = first.count
        self.classes = classes
        runs = [arm.count, reference.count]
        self.counts = counts
    }

    /// The percentile interval of the difference in mean mIoU.
    func interval(confidence: Double, resamples: Int, randomSeed: Int) -> Interval {
        var random = SeededRandom(randomSeed)
        let width = counts[0].count
        var sums = [Int64](repeating: 0, count: width)
        var differences: [Double] = []
        for _ in 0..<resamples {
            for index in 0..<width { sums[index] = 0 }
            for _ in 0..<images {
                counts[random.below(images)].withUnsafeBufferPointer { row in
                    sums.withUnsafeMutableBufferPointer { sums in
                        for index in 0..<width { sums[index] &+= row[index] }
                    }
                }
            }
            // A draw without a single labelled pixel has no mIoU.
            if let difference = difference(sums) { differences.append(difference) }
        }
        differences.sort()
        let tail = (1 - confidence) / 2
        return Interval(quantile(differences, tail), quantile(differences, 1 - tail))
    }

    private func difference(_ sums: [Int64]) -> Double? {
        let present = (0..<classes).filter { sums[$0] > 0 }
        guard !present.isEmpty else { return nil }
        let total = runs[0] + runs[1]
        func meanIoU(_ run: Int) -> Double {
            let (intersection, union) = (classes * (1 + run), classes * (1 + total + run))
            let sum = present.reduce(0) { $0 + Double(sums[intersection + $1]) / Double(sums[union + $1]) }
            return sum / Double(present.count)
        }
        let left = (0..<runs[0]).reduce(0) { $0 + meanIoU($1) } / Double(runs[0])
        let right = (runs[0]..<total).reduce(0) { $0 + meanIoU($1) } / Double(runs[1])
        return left - right
    }

    /// Linear between the two nearest of the sorted values (Hyndman & Fan's type 7).
    private func quantile(_ sorted: [Double], _ fraction: Double) -> Double {
        let position = fraction * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
}
