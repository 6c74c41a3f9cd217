#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A chart's axis: a range of values, laid out over a range of pixels, with round numbers marked.
struct Scale: Sendable {
    let lower: Double
    let upper: Double
    let pixels: (from: Double, to: Double)

    /// - Parameter values: finite numbers; a range without extent is widened.
    init(_ values: ClosedRange<Double>, pixels: (from: Double, to: Double)) {
        let extent = values.upperBound - values.lowerBound
        let margin = extent > 0 ? 0 : max(abs(values.lowerBound) * 0.1, 1e-6)
        lower = values.lowerBound - margin
        upper = values.upperBound + margin
        self.pixels = pixels
    }

    func callAsFunction(_ value: Double) -> Double {
        pixels.from + (value - lower) / (upper - lower) * (pixels.to - pixels.from)
    }

    /// About `count` multiples of 1, 2 or 5 times a power of ten.
    func ticks(_ count: Int) -> [Double] {
        let step = Self.roundStep((upper - lower) / Double(count))
        let first = (lower / step).rounded(.up)
        let last = (upper / step + 1e-9).rounded(.down)
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }

    /// Decimals that tell the ticks apart.
    func tickDigits(_ count: Int) -> Int {
        max(0, -Int(floor(log10(Self.roundStep((upper - lower) / Double(count))) + 1e-9)))
    }

    /// Vertical lines with their labels below `bottom`, as inline SVG.
    /// - Parameters:
    ///   - marksZero: whether the line at 0 has a style of its own.
    ///   - label: of a tick, with the decimals that tell the ticks apart.
    func grid(bottom: Double, marksZero: Bool = false, label: (_ tick: Double, _ digits: Int) -> String) -> String {
        var svg = "<g class=\"grid\">"
        for tick in ticks(8) {
            let x = coordinate(self(tick))
            let style = marksZero && abs(tick) < 1e-9 ? " class=\"zero\"" : ""
            svg += "<line\(style) x1=\"\(x)\" x2=\"\(x)\" y1=\"0\" y2=\"\(coordinate(bottom))\"/>"
            svg += "<text x=\"\(x)\" y=\"\(coordinate(bottom + 18))\" text-anchor=\"middle\">\(label(tick, tickDigits(8)))</text>"
        }
        return svg + "</g>"
    }

    private static func roundStep(_ raw: Double) -> Double {
        let power = pow(10, floor(log10(raw)))
        let factor = raw / power
        return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10)
    }
}
