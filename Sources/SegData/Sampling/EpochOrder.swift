import Foundation
import Support

/// The samples of every epoch in their order, by the epoch's number alone. An order is kept as 4 bytes a sample.
struct EpochOrder: Sendable {
    private enum Kind: Sendable {
        case sequential
        case shuffle
        case classBalanced(ClassTable)
        /// How often each sample comes; the sum is the epoch's length.
        case repeated([Double])
    }

    /// Samples an epoch.
    let count: Int
    private let sampleCount: Int
    private let seed: Int
    private let kind: Kind

    /// - Throws: `UserError` when the statistics are of other data, or no sample has a class.
    init(_ sampling: Sampling, sampleCount: Int, seed: Int) throws {
        self.sampleCount = sampleCount
        self.seed = seed
        switch sampling {
        case .sequential: (kind, count) = (.sequential, sampleCount)
        case .shuffle: (kind, count) = (.shuffle, sampleCount)
        case .classBalanced(let statistics, let temperature, let pixels):
            try statistics.expect(sampleCount)
            (kind, count) = (.classBalanced(ClassTable(statistics, temperature, pixels)), sampleCount)
        case .repeatFactor(let statistics, let threshold):
            try statistics.expect(sampleCount)
            let factors = statistics.repeatFactors(threshold: threshold)
            let sum = factors.reduce(0, +)
            // A whole number of samples: every factor changes by less than one part in 2 · sum.
            count = Int(sum.rounded())
            let scale = Double(count) / sum
            kind = .repeated(factors.map { $0 * scale })
        }
    }

    func indices(epoch: Int) -> [UInt32] {
        let all = 0..<UInt32(sampleCount)
        // The third key keeps this stream apart from those of the samples' augmentations.
        var random = SeededRandom(seed, epoch, -1)
        switch kind {
        case .sequential: return Array(all)
        case .shuffle: return random.shuffled(all)
        case .classBalanced(let table): return (0..<count).map { _ in table.draw(&random) }
        case .repeated(let factors): return random.shuffled(repeats(factors, start: random.unit()))
        }
    }

    /// Systematic sampling: sample i comes ⌊C(i) + start⌋ − ⌊C(i − 1) + start⌋ times, C being the sum of the factors up to it.
    private func repeats(_ factors: [Double], start: Double) -> [UInt32] {
        var order: [UInt32] = []
        order.reserveCapacity(count)
        var sum = start
        for (index, factor) in factors.enumerated() {
            sum += factor
            // Rounding must not change the epoch's length.
            let end = index == factors.count - 1 ? count : min(Int(sum), count)
            while order.count < end { order.append(UInt32(index)) }
        }
        return order
    }
}

/// The classes with their probabilities, and the samples that have each of them.
private struct ClassTable: Sendable {
    /// The probabilities of the classes up to and including each.
    private let cumulative: [Double]
    private let samples: [[UInt32]]

    init(_ statistics: ClassStatistics, _ temperature: Double, _ pixels: Int) {
        let totals = statistics.pixels.map(Double.init)
        let all = totals.reduce(0, +)
        let present = totals.indices.filter { totals[$0] > 0 }
        // The largest exponent is taken out of all: the smallest temperatures do not overflow.
        let rarest = present.map { totals[$0] / all }.min() ?? 0
        let weights = present.map { exp((rarest - totals[$0] / all) / temperature) }
        let sum = weights.reduce(0, +)
        var reached = 0.0
        cumulative = weights.map {
            reached += $0 / sum
            return reached
        }
        samples = present.map { statistics.samples(ofClass: $0, pixels: pixels) }
    }

    func draw(_ random: inout SeededRandom) -> UInt32 {
        let point = random.unit()
        let samples = samples[min(cumulative.partition(above: point), cumulative.count - 1)]
        return samples[random.below(samples.count)]
    }
}

extension [Double] {
    /// The first place whose value is above `point`, in an ascending array; the count when there is none.
    fileprivate func partition(above point: Double) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] > point { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
