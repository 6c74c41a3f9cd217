extension Image {
    /// The image at another size.
    ///
    /// `.bilinear` equals Pillow's `resize(…, BILINEAR)`, `.bilinearPlain` torch's `interpolate` rounded to 8 bits; both may
    /// differ by one grey level where rounding ties. `.nearest` is exact.
    public func resized(width newWidth: Int, height newHeight: Int, _ interpolation: Interpolation = .bilinear) -> Image {
        if newWidth == width, newHeight == height { return self }
        let resampler = Resampler(
            horizontal: ResampleAxis(from: width, to: newWidth, range: 0..<newWidth, interpolation),
            vertical: ResampleAxis(from: height, to: newHeight, range: 0..<newHeight, interpolation))
        var scratch: [UInt8] = []
        let size = newWidth * newHeight * channels
        let resized = [UInt8](unsafeUninitializedCapacity: size) { target, count in
            resampler.resample(
                pixels, width: width, channels: channels, to: target.baseAddress!, targetStride: newWidth * channels, scratch: &scratch)
            count = size
        }
        return Image(width: newWidth, height: newHeight, channels: channels, pixels: resized)
    }

    /// The image shrunk, if need be, so that its longer side has at most `side` pixels.
    public func fitting(longerSide side: Int) -> Image {
        let scale = Double(side) / Double(max(width, height))
        if scale >= 1 { return self }
        let newWidth = max(1, Int((Double(width) * scale).rounded()))
        return resized(width: newWidth, height: max(1, Int((Double(height) * scale).rounded())))
    }
}

extension Raster {
    /// The map at another size: each new pixel takes the value under its centre, as Pillow's `NEAREST` and torch's `nearest-exact`.
    public func resized(width newWidth: Int, height newHeight: Int) -> Raster {
        if newWidth == width, newHeight == height { return self }
        let columns = ResampleAxis(from: width, to: newWidth, range: 0..<newWidth, .nearest).first
        let rows = ResampleAxis(from: height, to: newHeight, range: 0..<newHeight, .nearest).first
        var resized = [Value]()
        resized.reserveCapacity(newWidth * newHeight)
        values.withUnsafeBufferPointer { values in
            for row in rows {
                let start = Int(row) * width
                for column in columns { resized.append(values[start + Int(column)]) }
            }
        }
        return Raster(width: newWidth, height: newHeight, values: resized)
    }
}
