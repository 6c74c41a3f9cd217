import SegData
import Vision

/// Pictures that show where predictions are right: tiles side by side, of one image.
public enum ScorePicture {
    /// Green where only the second prediction is right, red where only the first is, grey where neither; the paled image elsewhere.
    ///
    /// - Parameter image: RGB, of the maps' size.
    public static func changes(_ image: Image, _ truth: LabelMap, from first: LabelMap, to second: LabelMap) -> Image {
        paint(image) { index in
            let label = truth.values[index]
            switch (label == 255 || first.values[index] == label, label == 255 || second.values[index] == label) {
            case (true, true): return nil
            case (false, true): return RGB(18, 158, 104)
            case (true, false): return RGB(214, 66, 42)
            case (false, false): return RGB(112, 117, 126)
            }
        }
    }

    /// Red where the prediction is wrong, the paled image elsewhere.
    public static func mistakes(_ image: Image, _ truth: LabelMap, _ prediction: LabelMap) -> Image {
        paint(image) { index in
            let label = truth.values[index]
            return label == 255 || prediction.values[index] == label ? nil : RGB(214, 66, 42)
        }
    }

    /// Tiles beside each other, with a white gap.
    /// - Precondition: all RGB and of one size.
    public static func row(_ tiles: [Image]) -> Image {
        let (width, height) = (tiles[0].width, tiles[0].height)
        let gap = max(2, width / 100)
        var row = Image(width: tiles.count * (width + gap) - gap, height: height, filledWith: 255)
        for (number, tile) in tiles.enumerated() {
            precondition(tile.width == width && tile.height == height && tile.channels == 3, "tiles of one size")
            for y in 0..<height {
                let target = 3 * (y * row.width + number * (width + gap))
                row.pixels.replaceSubrange(target..<target + 3 * width, with: tile.pixels[3 * y * width..<3 * (y + 1) * width])
            }
        }
        return row
    }

    /// Image (where there is one), truth, prediction and mistakes; with a second prediction, this too and the changes towards the first.
    public static func tiles(
        image: Image?, truth: LabelMap, prediction: LabelMap, other: LabelMap? = nil, palette: Palette
    ) -> Image {
        let ground = image?.rgb ?? Image(width: truth.width, height: truth.height, filledWith: 255)
        var tiles = image == nil ? [] : [ground]
        tiles.append(Image(coloring: truth, with: palette))
        if let other {
            tiles += [Image(coloring: other, with: palette), Image(coloring: prediction, with: palette)]
            tiles.append(changes(ground, truth, from: other, to: prediction))
        } else {
            tiles += [Image(coloring: prediction, with: palette), mistakes(ground, truth, prediction)]
        }
        return row(tiles)
    }

    private static func paint(_ image: Image, _ color: (Int) -> RGB?) -> Image {
        var result = image
        for index in 0..<image.width * image.height {
            let start = 3 * index
            let sum = Int(image.pixels[start]) + Int(image.pixels[start + 1]) + Int(image.pixels[start + 2])
            let pale = UInt8(190 + sum * 60 / 765)
            let color = color(index) ?? RGB(pale, pale, pale)
            (result.pixels[start], result.pixels[start + 1], result.pixels[start + 2]) = (color.red, color.green, color.blue)
        }
        return result
    }
}
