/// A row of RGB pixels taken apart into three rows of 16-bit numbers, so that the compiler can work on many pixels at a time.
struct PixelRow {
    let red: UnsafeMutablePointer<Int16>
    let green: UnsafeMutablePointer<Int16>
    let blue: UnsafeMutablePointer<Int16>
    let width: Int

    /// Calls `body` with memory for rows of `width` pixels.
    static func withMemory(_ width: Int, _ body: (PixelRow) -> Void) {
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: 3 * width) { buffer in
            let start = buffer.baseAddress!
            body(PixelRow(red: start, green: start + width, blue: start + 2 * width, width: width))
        }
    }

    /// Reads a row, each byte through the table.
    func load(_ pixels: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt8>) {
        for x in 0..<width {
            red[x] = Int16(table[Int(pixels[3 &* x])])
            green[x] = Int16(table[Int(pixels[3 &* x &+ 1])])
            blue[x] = Int16(table[Int(pixels[3 &* x &+ 2])])
        }
    }

    /// Replaces every number by its channel's table's.
    func apply(_ reds: UnsafePointer<UInt8>, _ greens: UnsafePointer<UInt8>, _ blues: UnsafePointer<UInt8>) {
        for x in 0..<width {
            red[x] = Int16(reds[Int(red[x])])
            green[x] = Int16(greens[Int(green[x])])
            blue[x] = Int16(blues[Int(blue[x])])
        }
    }

    /// Counts the values of red, green and blue in 256 numbers each.
    func count(into counts: UnsafeMutablePointer<Int32>) {
        for x in 0..<width {
            counts[Int(red[x])] &+= 1
            counts[256 &+ Int(green[x])] &+= 1
            counts[512 &+ Int(blue[x])] &+= 1
        }
    }

    func store(_ pixels: UnsafeMutablePointer<UInt8>) {
        for x in 0..<width {
            pixels[3 &* x] = UInt8(truncatingIfNeeded: red[x])
            pixels[3 &* x &+ 1] = UInt8(truncatingIfNeeded: green[x])
            pixels[3 &* x &+ 2] = UInt8(truncatingIfNeeded: blue[x])
        }
    }

    /// The sum of the grey values.
    func sumOfGreys() -> Int {
        var sum: Int32 = 0
        for x in 0..<width { sum = sum &+ Int32(grey(red[x], green[x], blue[x])) }
        return Int(sum)
    }

    /// channel · factor + grey · (1 − factor), clamped to 0...255.
    func saturate(_ factor: Double) {
        // 12-bit fixed point: |factor| < 8 keeps both weights in 16 bits, which SSE2 can multiply.
        let own = Int16(clamping: Int((factor * 4096).rounded()))
        let other = 4096 &- own
        for x in 0..<width {
            let (r, g, b) = (red[x], green[x], blue[x])
            let shared = Int32(grey(r, g, b)) &* Int32(other)
            red[x] = clamp(Int32(r) &* Int32(own) &+ shared)
            green[x] = clamp(Int32(g) &* Int32(own) &+ shared)
            blue[x] = clamp(Int32(b) &* Int32(own) &+ shared)
        }
    }

    /// Multiplies HSV's saturation S = C / V, up to 1: channel → V − (V − channel) · min(factor, 1 / S).
    func enliven(_ factor: Double) {
        let factor = Float(factor)
        for x in 0..<width {
            let (r, g, b) = (red[x], green[x], blue[x])
            let value = max(max(r, g), b)
            let chroma = value &- min(min(r, g), b)
            let scale = min(factor, Float(value) / Float(max(chroma, 1)))
            red[x] = rounded(Float(value) - Float(value &- r) * scale)
            green[x] = rounded(Float(value) - Float(value &- g) * scale)
            blue[x] = rounded(Float(value) - Float(value &- b) * scale)
        }
    }

    /// Adding 2²³ leaves the whole number in the last bits, without a check that would keep the compiler from many pixels at a time.
    @inline(__always)
    private func rounded(_ value: Float) -> Int16 { Int16(truncatingIfNeeded: (value + 8_388_608).bitPattern) }

    @inline(__always)
    private func clamp(_ sum: Int32) -> Int16 {
        // Without branches, which would keep the compiler from working on many pixels at a time.
        let value = Int16(truncatingIfNeeded: sum >> 12)
        let positive = value & ~(value &>> 15)
        return (positive | (255 &- positive) &>> 15) & 255
    }

    /// Turns the hue: RGB → HSV, hue + turn, HSV → RGB.
    ///
    /// With value V, chroma C and the hue in sixths of the circle, a channel is V − C · clamp(min(k, 4 − k), 0, 1), where
    /// k = (n + hue + turn) mod 6 and n = 5, 3, 1 for red, green, blue. All is multiplied by C here, which saves the division
    /// in the hue, and by 8, for precision: with C ≤ 255 nothing passes 16 bits.
    /// - Parameter turn: in sixths of the circle, 0..<6.
    func turnHue(_ turn: Double) {
        let turn = Int16((turn * 4096).rounded())
        for x in 0..<width {
            let (r, g, b) = (red[x] &<< 3, green[x] &<< 3, blue[x] &<< 3)
            let value = max(max(r, g), b)
            let chroma = value &- min(min(r, g), b)
            let circle = 6 &* chroma
            var hue = value == r ? g &- b : value == g ? 2 &* chroma &+ b &- r : 4 &* chroma &+ r &- g
            // chroma is 8 · C: shifted by 4 it fills the 16 bits.
            hue = hue &+ Int16(truncatingIfNeeded: (Int32(chroma &<< 4) &* Int32(turn)) >> 16)
            hue = hue < 0 ? hue &+ circle : hue
            red[x] = channel(5 &* chroma, hue, value, chroma, circle)
            green[x] = channel(3 &* chroma, hue, value, chroma, circle)
            blue[x] = channel(chroma, hue, value, chroma, circle)
        }
    }

    @inline(__always)
    private func channel(_ n: Int16, _ hue: Int16, _ value: Int16, _ chroma: Int16, _ circle: Int16) -> Int16 {
        // hue and n are each below one and a half circles together with the turn, so two subtractions wrap them.
        var k = hue &+ n
        k = k >= circle ? k &- circle : k
        k = k >= circle ? k &- circle : k
        let missing = max(min(min(k, 4 &* chroma &- k), chroma), 0)
        let result = value &- missing
        // torchvision turns floats into bytes as ⌊x · 255.999⌋ for x in 0...1: v + v / 255, rounded down.
        return (result &+ result &>> 8) &>> 3
    }
}

/// ITU-R BT.601 luma with torchvision's weights 0.2989, 0.587, 0.114, rounded down.
@inline(__always)
private func grey(_ r: Int16, _ g: Int16, _ b: Int16) -> Int16 {
    Int16(truncatingIfNeeded: (Int32(r) &* 9794 &+ Int32(g) &* 19235 &+ Int32(b) &* 3736) >> 15)
}
