extension Image {
    /// The pixels that ``draw(_:x:y:scale:color:on:)`` takes for a text.
    public static func textSize(_ text: String, scale: Int = 1) -> (width: Int, height: Int) {
        (width: scale * (text.count * (PixelFont.width + 1) + 1), height: scale * (PixelFont.height + 2))
    }

    /// Draws a short text in small capitals on a dark ground, with its upper left corner at x and y; what lies outside of the image is cut off.
    /// - Parameter scale: pixels of the image for one of a letter.
    /// - Precondition: RGB.
    public mutating func draw(_ text: String, x: Int, y: Int, scale: Int = 1, color: RGB = RGB(255, 255, 255)) {
        precondition(channels == 3, "text is drawn on RGB")
        let size = Self.textSize(text, scale: scale)
        func inside(_ start: Int, _ length: Int, _ limit: Int) -> Range<Int> {
            let first = min(max(0, start), limit)
            return first..<max(first, min(limit, start + length))
        }
        for row in inside(y, size.height, height) {
            for column in inside(x, size.width, width) {
                for c in 3 * (row * width + column)..<3 * (row * width + column) + 3 { pixels[c] /= 4 }
            }
        }
        for (number, character) in text.enumerated() {
            let left = x + scale * (1 + number * (PixelFont.width + 1))
            for pixel in PixelFont.pixels(of: character) {
                for row in inside(y + scale * (1 + pixel.y), scale, height) {
                    for column in inside(left + scale * pixel.x, scale, width) {
                        let start = 3 * (row * width + column)
                        (pixels[start], pixels[start + 1], pixels[start + 2]) = (color.red, color.green, color.blue)
                    }
                }
            }
        }
    }
}
