/// A row of pixels as three rows of floats, so that the hue can be turned several pixels at a time.
struct HueTurn {
    let red: UnsafeMutablePointer<Float>
    let green: UnsafeMutablePointer<Float>
    let blue: UnsafeMutablePointer<Float>
    let width: Int

    /// Calls `body` with rows for `width` pixels, rounded up to whole vectors.
    static func withRows(_ width: Int, _ body: (HueTurn) -> Void) {
        let padded = (width + 7) & ~7
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * padded) { buffer in
            buffer.initialize(repeating: 0)
            let start = buffer.baseAddress!
            body(HueTurn(red: start, green: start + padded, blue: start + 2 * padded, width: width))
        }
    }

    func load(_ pixels: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt8>) {
        for x in 0..<width {
            red[x] = Float(table[Int(pixels[3 &* x])])
            green[x] = Float(table[Int(pixels[3 &* x &+ 1])])
            blue[x] = Float(table[Int(pixels[3 &* x &+ 2])])
        }
    }

    func store(_ pixels: UnsafeMutablePointer<UInt8>) {
        for x in 0..<width {
            pixels[3 &* x] = UInt8(truncatingIfNeeded: Int32(red[x]))
            pixels[3 &* x &+ 1] = UInt8(truncatingIfNeeded: Int32(green[x]))
            pixels[3 &* x &+ 2] = UInt8(truncatingIfNeeded: Int32(blue[x]))
        }
    }

    /// RGB → HSV, hue + turn, HSV → RGB.
    ///
    /// With value V and chroma C, a channel is V − C · clamp(min(k, 4 − k), 0, 1), k = (n + hue) mod 6 and n = 5, 3, 1 for
    /// red, green, blue. - Parameter sixths: the turn in sixths of the circle, 0..<6.
    func turn(by sixths: Float) {
        for start in stride(from: 0, to: width, by: 8) {
            let (r, g, b) = (read(red + start), read(green + start), read(blue + start))
            let value = pointwiseMax(pointwiseMax(r, g), b)
            let chroma = value - pointwiseMin(pointwiseMin(r, g), b)
            let divisor = chroma.replacing(with: 1, where: chroma .== 0)
            var hue = 4 + (r - g) / divisor
            hue.replace(with: 2 + (b - r) / divisor, where: value .== g)
            hue.replace(with: (g - b) / divisor, where: value .== r)
            hue += sixths
            hue.replace(with: hue + 6, where: hue .< 0)
            hue.replace(with: hue - 6, where: hue .>= 6)
            write(Self.channel(5, hue, value, chroma), red + start)
            write(Self.channel(3, hue, value, chroma), green + start)
            write(Self.channel(1, hue, value, chroma), blue + start)
        }
    }

    private typealias Vector = SIMD8<Float>

    @inline(__always)
    private static func channel(_ n: Float, _ hue: Vector, _ value: Vector, _ chroma: Vector) -> Vector {
        var k = hue + n
        k.replace(with: k - 6, where: k .>= 6)
        let missing = pointwiseMin(pointwiseMin(k, 4 - k), Vector(repeating: 1))
        // torchvision turns floats into bytes as ⌊x · 255.999⌋ for x in 0...1.
        return (value - chroma * pointwiseMax(missing, Vector(repeating: 0))) * (255.999 / 255)
    }

    @inline(__always)
    private func read(_ pointer: UnsafeMutablePointer<Float>) -> Vector {
        UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
    }

    @inline(__always)
    private func write(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
    }
}
