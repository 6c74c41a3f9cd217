import Vision

/// Pictures of samples, side by side.
enum PictureTiles {
    /// Longer side in pixels; the page would grow large with more.
    static let side = 512

    /// A card with the views of one sample.
    /// - Parameter image: the ground of the tiles that have no content, or a clear one.
    static func sample(_ name: String, _ image: Image, _ tiles: [String]) throws -> String {
        let photo = dataURI(try JPEG.encode(image, quality: 85), type: "image/jpeg")
        let columns = tiles.count <= 4 ? tiles.count : (tiles.count + 1) / 2
        let style =
            "--photo:url(\(photo));--shape:\(image.width)/\(image.height);grid-template-columns:repeat(\(min(columns, 4)),1fr)"
        return "<section class=\"card sample\"><p>\(escaped(name))</p><div class=\"tiles\" style=\"\(style)\">"
            + tiles.joined() + "</div></section>"
    }

    /// - Parameters:
    ///   - color: the arm's; nil for a view that is none's.
    ///   - content: HTML; nil shows the sample's image.
    ///   - right: a figure.
    static func tile(_ caption: String, color: Int? = nil, _ content: String?, _ right: String? = nil) -> String {
        let dot = color.map { "<span class=\"dot c\($0)\"></span>" } ?? ""
        let number = right.map { "<span class=\"soft\">\($0)</span>" } ?? ""
        let view = content ?? "<div role=\"img\" aria-label=\"image\"></div>"
        return "<div class=\"tile\"><div class=\"view\" style=\"aspect-ratio:var(--shape)\">\(view)</div>"
            + "<p><b>\(dot)\(escaped(caption))</b>\(number)</p></div>"
    }

    /// The first samples; the others folded away.
    static func opened(_ samples: [String], _ count: Int) -> String {
        let others = samples.dropFirst(count)
        let title = others.count == 1 ? "One more picture" : "\(others.count) more pictures"
        let fold = "<details class=\"more\"><summary>\(title)</summary>\(others.joined())</details>"
        return samples.prefix(count).joined() + (others.isEmpty ? "" : fold)
    }
}
