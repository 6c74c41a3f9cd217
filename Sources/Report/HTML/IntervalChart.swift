import SegEval
import Support

/// Differences with their confidence intervals around a line at zero, as inline SVG.
struct IntervalChart: Sendable {
    struct Row: Sendable {
        var label: String
        var color: Int
        var difference: Double
        /// The thick bar's, which the verdict rests on.
        var interval: Interval?
        /// Thin bars below it: what each source of chance contributes.
        var parts: [(name: String, interval: Interval)]
        /// The difference by seed, as dots.
        var seeds: [Double]
    }

    var rows: [Row]
    /// What the differences are of.
    var measure = "mIoU"

    private static let plot = (left: 150.0, right: 700.0)

    var html: String {
        let ends = rows.flatMap { row in
            [row.difference] + row.seeds + ([row.interval].compactMap(\.self) + row.parts.map(\.interval)).flatMap { [$0.lower, $0.upper] }
        }
        let known = ends.filter(\.isFinite)
        guard let lower = known.min(), let upper = known.max() else { return "" }
        let margin = max((max(upper, 0) - min(lower, 0)) * 0.06, 0.001)
        let scale = Scale(
            ((min(lower, 0) - margin) * 100)...((max(upper, 0) + margin) * 100), pixels: (Self.plot.left, Self.plot.right))
        var svg = ""
        var top = 10.0
        for row in rows {
            svg += draw(row, scale, &top)
            top += 10
        }
        let axis = scale.grid(bottom: top, marksZero: true) { abs($0) < 1e-9 ? "0" : signedPoints($0 / 100, digits: $1) }
        return
            "<svg class=\"intervals\" viewBox=\"0 0 720 \(Int(top) + 24)\" role=\"img\" aria-label=\"Differences in \(measure) with their "
            + "95 % intervals\">\(axis)\(svg)</svg>"
    }

    private func draw(_ row: Row, _ scale: Scale, _ top: inout Double) -> String {
        var svg = "<g class=\"c\(row.color)\">"
        let middle = top + 12
        svg += label(row.label, "name", middle)
        if let interval = row.interval { svg += bar(interval, middle, scale, "whole", row.label) }
        for seed in row.seeds {
            svg += "<circle class=\"seed\" cx=\"\(coordinate(scale(seed * 100)))\" cy=\"\(middle)\" r=\"3\"/>"
        }
        svg += "<circle class=\"mean\" cx=\"\(coordinate(scale(row.difference * 100)))\" cy=\"\(middle)\" r=\"6\"/>"
        top += 26
        for part in row.parts {
            svg += bar(part.interval, top + 5, scale, "part", part.name)
            svg += label(part.name, "small", top + 5)
            top += 16
        }
        return svg + "</g>"
    }

    private func label(_ text: String, _ style: String, _ y: Double) -> String {
        "<text class=\"\(style)\" x=\"\(Self.plot.left - 12)\" y=\"\(y)\" dy=\".35em\" text-anchor=\"end\">\(escaped(text))</text>"
    }

    private func bar(_ interval: Interval, _ y: Double, _ scale: Scale, _ style: String, _ name: String) -> String {
        let (from, to) = (coordinate(scale(interval.lower * 100)), coordinate(scale(interval.upper * 100)))
        let title = "\(name): \(signedPoints(interval.lower, digits: 2)) … \(signedPoints(interval.upper, digits: 2))"
        return "<line class=\"\(style)\" x1=\"\(from)\" x2=\"\(to)\" y1=\"\(y)\" y2=\"\(y)\"><title>\(escaped(title))</title></line>"
    }
}
