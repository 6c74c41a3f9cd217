extension Image {
    /// The picture of a label map: every value in its colour.
    public init(coloring labels: LabelMap, with palette: Palette) {
        let table = (0...255).map { palette[UInt8($0)] }
        let count = labels.values.count
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { target, used in
            for (index, value) in labels.values.enumerated() {
                let color = table[Int(value)]
                target[3 * index] = color.red
                target[3 * index + 1] = color.green
                target[3 * index + 2] = color.blue
            }
            used = 3 * count
        }
        self.init(width: labels.width, height: labels.height, pixels: pixels)
    }

    /// This image with `other`, of the same size, laid over it.
    /// - Parameter opacity: 0 (only this) ... 1 (only the other).
    public func blended(with other: Image, opacity: Double) -> Image {
        precondition(width == other.width && height == other.height, "blending needs images of one size")
        let (below, above) = (rgb, other.rgb)
        let weight = Int((min(max(opacity, 0), 1) * 256).rounded())
        var result = below
        for index in result.pixels.indices {
            let sum = Int(below.pixels[index]) * (256 - weight) + Int(above.pixels[index]) * weight
            result.pixels[index] = UInt8((sum + 128) >> 8)
        }
        return result
    }

    /// This image with the colours of a label map of the same size laid over it; pixels with the value `clear` stay as they are.
    public func overlaid(with labels: LabelMap, palette: Palette, opacity: Double = 0.5, clear: UInt8? = 255) -> Image {
        let base = rgb
        var result = base.blended(with: Image(coloring: labels, with: palette), opacity: opacity)
        guard let clear else { return result }
        for (index, value) in labels.values.enumerated() where value == clear {
            for c in 3 * index..<3 * index + 3 { result.pixels[c] = base.pixels[c] }
        }
        return result
    }

    /// Where a prediction is wrong: wrong pixels red, right ones a dim grey version of this image, ignored ones black.
    public func errors(of prediction: LabelMap, truth: LabelMap, ignore: UInt8 = 255) -> Image {
        precondition(prediction.values.count == truth.values.count && truth.width == width && truth.height == height)
        var result = rgb
        for (index, value) in truth.values.enumerated() {
            let pixel = 3 * index
            let grey = (Int(result.pixels[pixel]) + Int(result.pixels[pixel + 1]) + Int(result.pixels[pixel + 2])) / 6
            let color =
                value == ignore
                ? RGB(0, 0, 0)
                : value == prediction.values[index] ? RGB(UInt8(grey), UInt8(grey), UInt8(grey)) : RGB(230, 40, 30)
            (result.pixels[pixel], result.pixels[pixel + 1], result.pixels[pixel + 2]) = (color.red, color.green, color.blue)
        }
        return result
    }

    /// Images of one height side by side, `gap` white pixels between them.
    public static func row(_ images: [Image], gap: Int = 4) -> Image {
        guard let height = images.map(\.height).max() else { return Image(width: 0, height: 0) }
        let width = images.map(\.width).reduce(0, +) + gap * (images.count - 1)
        var result = Image(width: width, height: height, filledWith: 255)
        var x = 0
        for image in images.map(\.rgb) {
            for y in 0..<image.height {
                let row = image.pixels[y * image.width * 3..<(y + 1) * image.width * 3]
                let start = (y * width + x) * 3
                result.pixels.replaceSubrange(start..<start + row.count, with: row)
            }
            x += image.width + gap
        }
        return result
    }

    /// Images one below the other, `gap` white pixels between them; white also beside those that are narrower than others.
    public static func column(_ images: [Image], gap: Int = 4) -> Image {
        guard let width = images.map(\.width).max() else { return Image(width: 0, height: 0) }
        let height = images.map(\.height).reduce(0, +) + gap * (images.count - 1)
        var result = Image(width: width, height: height, filledWith: 255)
        var y = 0
        for image in images.map(\.rgb) {
            for row in 0..<image.height {
                let start = (y + row) * width * 3
                let pixels = image.pixels[row * image.width * 3..<(row + 1) * image.width * 3]
                result.pixels.replaceSubrange(start..<start + pixels.count, with: pixels)
            }
            y += image.height + gap
        }
        return result
    }

    /// The image with three channels.
    public var rgb: Image {
        channels == 3 ? self : Image(width: width, height: height, pixels: pixels.flatMap { [$0, $0, $0] })
    }
}
