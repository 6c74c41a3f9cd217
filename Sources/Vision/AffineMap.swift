#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the pixels of a picture come from when it is sheared, moved or turned: the point (x, y) of the new picture shows
/// (xx · x + xy · y + x₀, yx · x + yy · y + y₀) of the old. Pixel i reaches from i to i + 1.
public struct AffineMap: Sendable, Equatable {
    public var xx: Double
    public var xy: Double
    public var x0: Double
    public var yx: Double
    public var yy: Double
    public var y0: Double

    public static let identity = AffineMap()

    public init(xx: Double = 1, xy: Double = 0, x0: Double = 0, yx: Double = 0, yy: Double = 1, y0: Double = 0) {
        (self.xx, self.xy, self.x0) = (xx, xy, x0)
        (self.yx, self.yy, self.y0) = (yx, yy, y0)
    }

    /// Where a point of the new picture comes from in the old.
    public func callAsFunction(x: Double, y: Double) -> (x: Double, y: Double) {
        (xx * x + xy * y + x0, yx * x + yy * y + y0)
    }

    /// Moves each row to the left by `amount` times its distance from the top.
    public static func shearX(_ amount: Double) -> AffineMap { AffineMap(xy: amount) }

    /// Moves each column up by `amount` times its distance from the left.
    public static func shearY(_ amount: Double) -> AffineMap { AffineMap(yx: amount) }

    /// Moves the picture to the right and down, in pixels.
    public static func translation(x: Double = 0, y: Double = 0) -> AffineMap { AffineMap(x0: -x, y0: -y) }

    /// Turns a picture of a size about its centre, counter-clockwise.
    public static func rotation(degrees: Double, width: Int, height: Int) -> AffineMap {
        let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
        let (x, y) = (Double(width) / 2, Double(height) / 2)
        return AffineMap(xx: c, xy: -s, x0: x - c * x + s * y, yx: s, yy: c, y0: y - s * x - c * y)
    }

    /// This map, and `next` done to the picture that it gives.
    public func then(_ next: AffineMap) -> AffineMap {
        AffineMap(
            xx: xx * next.xx + xy * next.yx, xy: xx * next.xy + xy * next.yy, x0: xx * next.x0 + xy * next.y0 + x0,
            yx: yx * next.xx + yy * next.yx, yy: yx * next.xy + yy * next.yy, y0: yx * next.x0 + yy * next.y0 + y0)
    }

    /// Calls `body` with each pixel of a picture of `width` × `height` and where its centre comes from, in 65536ths of a pixel.
    @inline(__always)
    private func forEachPixel(_ width: Int, _ height: Int, _ body: (_ index: Int, _ x: Int, _ y: Int) -> Void) {
        let (stepX, stepY) = (Int((xx * 65536).rounded()), Int((yx * 65536).rounded()))
        for row in 0..<height {
            let line = Double(row) + 0.5
            var x = Int(((xx * 0.5 + xy * line + x0) * 65536).rounded())
            var y = Int(((yx * 0.5 + yy * line + y0) * 65536).rounded())
            for index in row * width..<(row + 1) * width {
                body(index, x, y)
                x &+= stepX
                y &+= stepY
            }
        }
    }

    /// Writes the new picture of an RGB image, each pixel mixed from the four around its origin; outside lies `padding`.
    package func warp(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, padding: RGB, to target: UnsafeMutablePointer<UInt8>
    ) {
        forEachPixel(width, height) { index, x, y in
            // The upper left of the four, and how far towards the others, in 256ths.
            let (x, y) = (x &- 32768 &+ 128, y &- 32768 &+ 128)
            let (column, row) = (x >> 16, y >> 16)
            let (right, below) = ((x >> 8) & 255, (y >> 8) & 255)
            let output = target + 3 &* index
            func mix(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> UInt8 {
                let sum = (a &* (256 &- right) &+ b &* right) &* (256 &- below) &+ (c &* (256 &- right) &+ d &* right) &* below
                return UInt8(truncatingIfNeeded: (sum &+ 32768) >> 16)
            }
            if column >= 0, row >= 0, column < width &- 1, row < height &- 1 {
                let a = source + 3 &* (row &* width &+ column)
                let c = a + 3 &* width
                for channel in 0..<3 {
                    output[channel] = mix(Int(a[channel]), Int(a[channel &+ 3]), Int(c[channel]), Int(c[channel &+ 3]))
                }
                return
            }
            func pixel(_ column: Int, _ row: Int) -> RGB {
                guard column >= 0, row >= 0, column < width, row < height else { return padding }
                let pixel = source + 3 &* (row &* width &+ column)
                return RGB(pixel[0], pixel[1], pixel[2])
            }
            let (a, b) = (pixel(column, row), pixel(column + 1, row))
            let (c, d) = (pixel(column, row + 1), pixel(column + 1, row + 1))
            output[0] = mix(Int(a.red), Int(b.red), Int(c.red), Int(d.red))
            output[1] = mix(Int(a.green), Int(b.green), Int(c.green), Int(d.green))
            output[2] = mix(Int(a.blue), Int(b.blue), Int(c.blue), Int(d.blue))
        }
    }

    /// Writes the new map of labels, each taken from the pixel of its origin; outside lies `padding`.
    package func warp(
        labels source: UnsafePointer<UInt8>, width: Int, height: Int, padding: UInt8, to target: UnsafeMutablePointer<UInt8>
    ) {
        forEachPixel(width, height) { index, x, y in
            let (column, row) = (x >> 16, y >> 16)
            let isInside = column >= 0 && row >= 0 && column < width && row < height
            target[index] = isInside ? source[row &* width &+ column] : padding
        }
    }
}

extension RunLengthMask {
    /// The mask of the new picture, which has the size of the old.
    public func warped(by map: AffineMap) -> RunLengthMask {
        var raster = LabelMap(width: width, height: height)
        paint(1, into: &raster)
        return RunLengthMask(raster.warped(by: map, padding: 0), where: 1)
    }
}

extension Image {
    /// The new picture, which has the size of the old; what was outside is `padding`. A grey image is returned as RGB.
    public func warped(by map: AffineMap, padding: RGB) -> Image {
        let source = rgb
        var result = Image(width: width, height: height)
        let (width, height) = (width, height)
        source.pixels.withUnsafeBufferPointer { source in
            result.pixels.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                map.warp(source, width: width, height: height, padding: padding, to: target)
            }
        }
        return result
    }
}

extension LabelMap {
    /// The new map, which has the size of the old; what was outside is `padding`.
    public func warped(by map: AffineMap, padding: UInt8) -> LabelMap {
        var result = self
        let (width, height) = (width, height)
        values.withUnsafeBufferPointer { source in
            result.values.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                map.warp(labels: source, width: width, height: height, padding: padding, to: target)
            }
        }
        return result
    }
}
