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
/// Weights are fixed-point numbers with 13 bits and sum to exactly 1, so that flat areas stay flat.
package struct ResampleAxis: Sendable {
    package static let one = 1 << 13

    package let taps: Int
    /// The first source pixel of each new pixel; `first + taps` never passes the end.
    package let first: [Int32]
    /// `taps` weights for each new pixel.
    package let weights: [Int16]
    package var count: Int { first.count }
    /// The source pixels that the new ones are made of.
    package var sources: Range<Int> {
        guard let low = first.min(), let high = first.max() else { return 0..<0 }
        return Int(low)..<Int(high) + taps
    }

    /// - Parameters:
    ///   - source: pixels there are.
    ///   - extent: how many of them the axis covers, when the last is only in part on it: half a picture of odd width.
    ///   - target: pixels the whole axis would be resized to.
    ///   - range: those of the new pixels that are wanted.
    ///   - reversed: gives them in descending order, which mirrors the image.
    package init(
        from source: Int, extent: Double? = nil, to target: Int, range: Range<Int>, _ interpolation: Interpolation,
        reversed: Bool = false
    ) {
        precondition(source > 0 && target > 0 && range.lowerBound >= 0 && range.upperBound <= target)
        let scale = (extent ?? Double(source)) / Double(target)
        let kernel = Kernel(interpolation, source: source, scale: scale)
        let last = range.upperBound - 1
        let centers = (0..<range.count).map { (Double(reversed ? last - $0 : range.lowerBound + $0) + 0.5) * scale }
        var taps = 1
        for center in centers { taps = max(taps, kernel.span(center).count) }

        var first = [Int32](repeating: 0, count: centers.count)
        var weights = [Int16](repeating: 0, count: centers.count * taps)
        var exact = [Double](repeating: 0, count: taps)
        for (index, center) in centers.enumerated() {
            let span = kernel.span(center)
            let start = min(span.lowerBound, source - taps)
            first[index] = Int32(start)
            kernel.weigh(span, center, &exact)
            Self.store(exact, span.count, at: index * taps + span.lowerBound - start, in: &weights)
        }
        self.taps = taps
        self.first = first
        self.weights = weights
    }

    /// Writes the weights, which sum to 1, in fixed point; what rounding leaves over goes to the heaviest.
    private static func store(_ exact: [Double], _ count: Int, at offset: Int, in weights: inout [Int16]) {
        var rest = one
        var heaviest = 0
        for tap in 0..<count {
            let rounded = Int((exact[tap] * Double(one)).rounded())
            weights[offset + tap] = Int16(rounded)
            rest -= rounded
            if exact[tap] > exact[heaviest] { heaviest = tap }
        }
        weights[offset + heaviest] += Int16(rest)
    }

    /// Which source pixels a new pixel is made of, and how much each weighs.
    private struct Kernel {
        let interpolation: Interpolation
        let source: Int
        /// How much wider than a pixel the triangle is when the image shrinks.
        let widening: Double

        init(_ interpolation: Interpolation, source: Int, scale: Double) {
            self.interpolation = interpolation
            self.source = source
            widening = max(scale, 1)
        }

        /// - Parameter center: the new pixel's centre on the source's axis, where pixel i reaches from i to i + 1.
        func span(_ center: Double) -> Range<Int> {
            switch interpolation {
            case .bilinear: return max(0, Int(center - widening + 0.5))..<min(source, Int(center + widening + 0.5))
            case .bilinearPlain:
                let low = min(Int(max(0, center - 0.5)), source - 1)
                return low..<min(low + 2, source)
            case .nearest:
                let pixel = min(Int(center), source - 1)
                return pixel..<pixel + 1
            }
        }

        func weigh(_ span: Range<Int>, _ center: Double, _ weights: inout [Double]) {
            switch interpolation {
            case .bilinear:
                // Pillow's `precompute_coeffs` with the triangle filter.
                var sum = 0.0
                for tap in 0..<span.count {
                    weights[tap] = max(0, 1 - abs(Double(span.lowerBound + tap) - center + 0.5) / widening)
                    sum += weights[tap]
                }
                for tap in 0..<span.count { weights[tap] /= sum }
            case .bilinearPlain:
                let fraction = span.count == 2 ? max(0, center - 0.5) - Double(span.lowerBound) : 0
                weights[0] = 1 - fraction
                if span.count == 2 { weights[1] = fraction }
            case .nearest: weights[0] = 1
            }
        }
    }
}
