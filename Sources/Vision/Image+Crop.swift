extension Image {
    /// The window whose upper left corner is at (x, y), which may reach beyond the image: there it takes the colour `padding`
    /// (one value a channel).
    public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int, padding: [UInt8]) -> Image {
        precondition(padding.count == channels, "padding needs one value for each of the \(channels) channels")
        var result = Image(width: newWidth, height: newHeight, channels: channels)
        for index in result.pixels.indices { result.pixels[index] = padding[index % channels] }
        let columns = overlap(x, newWidth, width)
        for row in overlap(y, newHeight, height) where !columns.isEmpty {
            let from = (row * width + columns.lowerBound) * channels
            let to = ((row - y) * newWidth + columns.lowerBound - x) * channels
            let count = columns.count * channels
            result.pixels.replaceSubrange(to..<to + count, with: pixels[from..<from + count])
        }
        return result
    }

    /// Left and right exchanged.
    public func flippedHorizontally() -> Image { upright(from: .mirrored) }
}

extension Raster {
    /// The window whose upper left corner is at (x, y), which may reach beyond the map: there it takes the value `padding`.
    public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int, padding: Value) -> Raster {
        var result = Raster(width: newWidth, height: newHeight, filledWith: padding)
        let columns = overlap(x, newWidth, width)
        for row in overlap(y, newHeight, height) where !columns.isEmpty {
            let from = row * width + columns.lowerBound
            let to = (row - y) * newWidth + columns.lowerBound - x
            result.values.replaceSubrange(to..<to + columns.count, with: values[from..<from + columns.count])
        }
        return result
    }

    /// Left and right exchanged.
    public func flippedHorizontally() -> Raster {
        var result = self
        for y in 0..<height {
            for x in 0..<width { result.values[y * width + x] = values[y * width + width - 1 - x] }
        }
        return result
    }
}

/// The part of a window of `count` from `start` that lies in 0..<size.
private func overlap(_ start: Int, _ count: Int, _ size: Int) -> Range<Int> {
    let low = min(max(start, 0), size)
    return low..<max(low, min(start + count, size))
}
