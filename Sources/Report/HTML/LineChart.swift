import Support

/// A chart of values over training steps, as inline SVG. Pointing at it shows the values there; no script is needed.
struct LineChart: Sendable {
    struct Line: Sendable {
        var name: String
        /// The number of a colour in the page's style, `--c0` ….
        var color: Int
        var points: [(x: Double, y: Double)]
        /// Drawn thin and pale, without a place in the read-out: a single seed behind its arm's mean.
        var isFaint = false
    }

    var title: String
    var lines: [Line]
    var marksPoints = false
    /// Whether the vertical axis begins at 0 whatever the values.
    var startsAtZero = false
    /// How values are written in the read-out.
    var format: @Sendable (Double) -> String = significant
    /// A factor for the axis labels, such as 100 for per cent.
    var axisFactor = 1.0

    private static let width = 560.0
    private static let height = 250.0
    private static let plot = (left: 52.0, right: 538.0, top: 14.0, bottom: 222.0)

    /// The chart in a `<figure>`; empty when there is nothing to draw.
    var html: String {
        let finite = lines.map { line in line.points.filter { $0.x.isFinite && $0.y.isFinite } }
        guard let x = Self.range(finite.joined().map(\.x)), let y = Self.valueRange(finite.joined().map(\.y)) else { return "" }
        let plot = Self.plot
        let xScale = Scale(min(x.lowerBound, 0)...x.upperBound, pixels: (plot.left, plot.right))
        let yScale = Scale(startsAtZero ? min(y.lowerBound, 0)...y.upperBound : y, pixels: (plot.bottom, plot.top))
        let svg =
            "<svg viewBox=\"0 0 560 250\" role=\"img\" aria-label=\"\(escaped(title)) over training steps\">"
            + grid(xScale, yScale) + lines.map { path($0, xScale, yScale) }.joined() + readOut(xScale, yScale) + "</svg>"
        return element("figure", ["class": "chart"], element("figcaption", [:], escaped(title)) + svg)
    }

    private static func range(_ values: [Double]) -> ClosedRange<Double>? {
        guard let lower = values.min(), let upper = values.max() else { return nil }
        return lower...upper
    }

    /// The first steps' losses may tower above all others: the axis then ends where nearly all values lie.
    private static func valueRange(_ values: [Double]) -> ClosedRange<Double>? {
        guard let full = range(values) else { return nil }
        let sorted = values.sorted()
        let high = sorted[Int(Double(sorted.count - 1) * 0.97)]
        let towers = high > full.lowerBound && full.upperBound - full.lowerBound > 2.5 * (high - full.lowerBound)
        let top = towers ? high + 0.1 * (high - full.lowerBound) : full.upperBound
        let margin = (top - full.lowerBound) * 0.05
        return max(full.lowerBound - margin, min(0, full.lowerBound))...(top + margin)
    }

    private func grid(_ x: Scale, _ y: Scale) -> String {
        let plot = Self.plot
        var svg = "<g class=\"grid\">"
        let shown = Scale((y.lower * axisFactor)...(y.upper * axisFactor), pixels: y.pixels)
        for tick in shown.ticks(6) {
            let height = coordinate(shown(tick))
            svg += "<line x1=\"\(plot.left)\" x2=\"\(plot.right)\" y1=\"\(height)\" y2=\"\(height)\"/>"
            svg += "<text x=\"\(plot.left - 8)\" y=\"\(height)\" dy=\".35em\" text-anchor=\"end\">\(tickText(tick, shown, 6))</text>"
        }
        for tick in x.ticks(6) {
            svg += "<text x=\"\(coordinate(x(tick)))\" y=\"\(plot.bottom + 20)\" text-anchor=\"middle\">\(tickText(tick, x, 6))</text>"
        }
        return svg + "</g>"
    }

    private func tickText(_ tick: Double, _ scale: Scale, _ count: Int) -> String {
        let digits = scale.tickDigits(count)
        if abs(tick) >= 10_000 { return fixed(tick / 1000, tick.truncatingRemainder(dividingBy: 1000) == 0 ? 0 : 1) + "k" }
        return digits > 4 ? significant(tick) : fixed(tick, digits)
    }

    private func path(_ line: Line, _ x: Scale, _ y: Scale) -> String {
        let ceiling = Self.plot.top
        var data = ""
        var broken = true
        var marks = ""
        for point in Self.thinned(line.points, to: 400) {
            guard point.x.isFinite, point.y.isFinite else {
                broken = true
                continue
            }
            let (px, py) = (coordinate(x(point.x)), coordinate(max(y(point.y), ceiling)))
            data += "\(broken ? "M" : "L")\(px) \(py)"
            broken = false
            if marksPoints, !line.isFaint { marks += "<circle cx=\"\(px)\" cy=\"\(py)\" r=\"3\"/>" }
        }
        return "<g class=\"line c\(line.color)\(line.isFaint ? " faint" : "")\"><path d=\"\(data)\"/>\(marks)</g>"
    }

    /// Slices of the plot, each with a label of the lines' values that appears when it is pointed at.
    private func readOut(_ x: Scale, _ y: Scale) -> String {
        let plot = Self.plot
        let named = lines.filter { !$0.isFaint }
        let steps = Self.thinned(Set(named.flatMap { $0.points.map(\.x) }).filter(\.isFinite).sorted(), to: 48)
        guard let first = steps.first else { return "" }
        var svg = "<g class=\"slices\">"
        for (index, step) in steps.enumerated() {
            let before = index == 0 ? first : steps[index - 1]
            let after = index + 1 < steps.count ? steps[index + 1] : step
            let from = index == 0 ? plot.left : x((before + step) / 2)
            let to = index + 1 < steps.count ? x((step + after) / 2) : plot.right
            let reach = max(step - before, after - step) / 2
            let values = named.compactMap { line -> (Line, Double)? in
                guard let nearest = line.points.min(by: { abs($0.x - step) < abs($1.x - step) }), abs(nearest.x - step) <= reach else {
                    return nil
                }
                return (line, nearest.y)
            }
            svg += "<g><rect x=\"\(coordinate(from))\" y=\"0\" width=\"\(coordinate(max(to - from, 1)))\" height=\"\(Self.height)\"/>"
            svg += tip(step, values, x(step)) + "</g>"
        }
        return svg + "</g>"
    }

    private func tip(_ step: Double, _ values: [(line: Line, value: Double)], _ center: Double) -> String {
        let plot = Self.plot
        let rows = ["step \(fixed(step, 0))"] + values.map { "\($0.line.name)  \(format($0.value))" }
        // Text is not measured here: a guess on the safe side.
        let width = Double(rows.map(\.count).max() ?? 0) * 6.6 + 26
        let left = center + 10 + width < plot.right ? center + 10 : center - 10 - width
        let x = coordinate(center)
        var svg = "<g class=\"tip\"><line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(plot.top)\" y2=\"\(plot.bottom)\"/>"
        svg += "<rect class=\"box\" x=\"\(coordinate(left))\" y=\"\(plot.top)\" width=\"\(coordinate(width))\" "
        svg += "height=\"\(rows.count * 16 + 10)\" rx=\"5\"/>"
        for (index, row) in rows.enumerated() {
            let baseline = coordinate(plot.top + 17 + Double(index) * 16)
            if index > 0 {
                let (color, middle) = (values[index - 1].line.color, coordinate(plot.top + 13 + Double(index) * 16))
                svg += "<circle class=\"c\(color)\" cx=\"\(coordinate(left + 11))\" cy=\"\(middle)\" r=\"3.5\"/>"
            }
            svg += "<text x=\"\(coordinate(left + (index == 0 ? 8 : 20)))\" y=\"\(baseline)\">\(escaped(row))</text>"
        }
        return svg + "</g>"
    }

    /// At most about `count` of the elements, evenly chosen, the last among them.
    private static func thinned<Element>(_ elements: [Element], to count: Int) -> [Element] {
        guard elements.count > count else { return elements }
        let stride = Double(elements.count - 1) / Double(count - 1)
        return (0..<count).map { elements[Int((Double($0) * stride).rounded())] }
    }
}
