/// How pixels are made when an image changes size.
public enum Interpolation: String, Sendable, Codable, CaseIterable {
    /// Triangle filter that widens when shrinking, so that nothing aliases: Pillow's `BILINEAR`, torch's `antialias=True`.
    case bilinear
    /// The four nearest pixels, however much the image shrinks: torch's `interpolate(mode="bilinear", align_corners=False)`.
    case bilinearPlain
    /// The pixel under the centre of the new one: Pillow's `NEAREST`, torch's `nearest-exact`. The only choice for labels.
    case nearest
}

/// The weights with which the pixels along one axis are mixed into each new pixel of a range.
///
/// Every new pixel has the same number of taps (unused ones weigh 0), so that the inner loops have no branches.
/// Weights are fixed-point numbers with 14 bits and sum to exactly 1, so that flat areas stay flat.
package struct ResampleAxis: Sendable {
    package static let one = 1 << 14

    package let taps: Int
    /// The first source pixel of each new pixel; `first + taps` never passes the end.
    package let first: [Int32]
    /// `taps` weights for each new pixel.
    package let weights: [Int16]
    package var count: Int { first.count }

    /// - Parameters:
    ///   - source: pixels there are.
    ///   - target: pixels the whole axis would be resized to.
    ///   - range: those of the new pixels that are wanted.
    ///   - reversed: gives them in descending order, which mirrors the image.
    package init(from source: Int, to target: Int, range: Range<Int>, _ interpolation: Interpolation, reversed: Bool = false) {
        precondition(source > 0 && target > 0 && range.lowerBound >= 0 && range.upperBound <= target)
        let scale = Double(source) / Double(target)
        let window: (Double) -> (first: Int, weights: [Double])
        let mostTaps: Int
        switch interpolation {
        case .bilinear:
            let widening = max(scale, 1)
            mostTaps = Int(widening.rounded(.up)) * 2 + 1
            window = { center in Self.triangle(center, widening, source) }
        case .bilinearPlain:
            mostTaps = 2
            window = { center in Self.neighbours(center, source) }
        case .nearest:
            mostTaps = 1
            window = { center in (min(Int(center), source - 1), [1]) }
        }
        let order = reversed ? Array(range.reversed()) : Array(range)
        let windows = order.map { window((Double($0) + 0.5) * scale) }
        let taps = min(mostTaps, windows.map(\.weights.count).max() ?? 1)
        var first = [Int32](repeating: 0, count: order.count)
        var weights = [Int16](repeating: 0, count: order.count * taps)
        for (index, window) in windows.enumerated() {
            let start = min(window.first, source - taps)
            first[index] = Int32(start)
            Self.store(window.weights, at: index * taps + window.first - start, in: &weights)
        }
        self.taps = taps
        self.first = first
        self.weights = weights
    }

    /// Pillow's `precompute_coeffs` with the triangle filter.
    private static func triangle(_ center: Double, _ widening: Double, _ source: Int) -> (first: Int, weights: [Double]) {
        let low = max(0, Int(center - widening + 0.5))
        let high = min(source, Int(center + widening + 0.5))
        var weights = (low..<high).map { max(0, 1 - abs(Double($0) - center + 0.5) / widening) }
        let sum = weights.reduce(0, +)
        for index in weights.indices { weights[index] /= sum }
        return (low, weights)
    }

    private static func neighbours(_ center: Double, _ source: Int) -> (first: Int, weights: [Double]) {
        let position = max(0, center - 0.5)
        let low = min(Int(position), source - 1)
        let fraction = position - Double(low)
        return low + 1 < source ? (low, [1 - fraction, fraction]) : (low, [1])
    }

    private static func store(_ exact: [Double], at offset: Int, in weights: inout [Int16]) {
        var rest = one
        var heaviest = 0
        for (tap, weight) in exact.enumerated() {
            let rounded = Int((weight * Double(one)).rounded())
            weights[offset + tap] = Int16(rounded)
            rest -= rounded
            if weight > exact[heaviest] { heaviest = tap }
        }
        weights[offset + heaviest] += Int16(rest)
    }
}
