import Support

/// Scores on the source and on the targets as dots, a row a domain and a lane an arm, as inline SVG.
struct DomainChart: Sendable {
    struct Dot: Sendable {
        var arm: String
        /// The number of a colour in the page's style.
        var color: Int
        /// As fractions.
        var mean: Double
        var seeds: [Double]
    }

    struct Row: Sendable {
        var label: String
        /// Such as the number of images.
        var note: String
        var dots: [Dot]
    }

    var rows: [Row]

    private static let plot = (left: 190.0, right: 690.0)
    private static let lane = 15.0

    var html: String {
        let values = rows.flatMap { row in row.dots.flatMap { [$0.mean] + $0.seeds } }.filter(\.isFinite)
        guard let lower = values.min(), let upper = values.max() else { return "" }
        let margin = max((upper - lower) * 0.08, 0.005)
        let scale = Scale(
            (max(lower - margin, 0) * 100)...((upper + margin) * 100), pixels: (Self.plot.left, Self.plot.right))
        var svg = ""
        var top = 4.0
        for row in rows { svg += draw(row, scale, &top) }
        return "<svg class=\"domains\" viewBox=\"0 0 740 \(Int(top) + 26)\" role=\"img\" aria-label=\"mIoU by domain and arm\">"
            + "\(scale.grid(bottom: top) { fixed($0, $1) })\(svg)</svg>"
    }

    private func draw(_ row: Row, _ scale: Scale, _ top: inout Double) -> String {
        let height = Double(max(row.dots.count, 2)) * Self.lane
        let middle = top + height / 2
        let x = coordinate(Self.plot.left - 16)
        var svg = "<text class=\"domain\" x=\"\(x)\" y=\"\(coordinate(middle - 3))\" text-anchor=\"end\">\(escaped(row.label))</text>"
        svg += "<text x=\"\(x)\" y=\"\(coordinate(middle + 12))\" text-anchor=\"end\">\(escaped(row.note))</text>"
        for (index, dot) in row.dots.enumerated() {
            svg += draw(dot, scale, top + (Double(index) + 0.5) * Self.lane)
        }
        top += height + 6
        let edge = coordinate(top)
        svg += "<g class=\"grid\"><line x1=\"0\" x2=\"740\" y1=\"\(edge)\" y2=\"\(edge)\"/></g>"
        top += 6
        return svg
    }

    private func draw(_ dot: Dot, _ scale: Scale, _ y: Double) -> String {
        guard dot.mean.isFinite else { return "" }
        let (height, mean) = (coordinate(y), scale(dot.mean * 100))
        var svg = "<g class=\"c\(dot.color)\">"
        for seed in dot.seeds where dot.seeds.count > 1 {
            svg += "<circle class=\"seed\" cx=\"\(coordinate(scale(seed * 100)))\" cy=\"\(height)\" r=\"2.5\"/>"
        }
        let title = "<title>\(escaped(dot.arm)): \(percentage(dot.mean, digits: 2))</title>"
        svg += "<circle class=\"mean\" cx=\"\(coordinate(mean))\" cy=\"\(height)\" r=\"5\">\(title)</circle>"
        let last = scale((dot.seeds + [dot.mean]).max()! * 100)
        svg += "<text class=\"value\" x=\"\(coordinate(max(mean, last) + 9))\" y=\"\(height)\" dy=\".35em\">\(percentage(dot.mean))</text>"
        return svg + "</g>"
    }
}
