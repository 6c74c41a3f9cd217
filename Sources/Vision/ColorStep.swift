/// One change of an image's colours, with torchvision's definitions on 8-bit images.
public enum ColorStep: Sendable, Equatable {
    /// Multiplies by the factor (≥ 0).
    case brightness(Double)
    /// Mixes with the image's mean grey: 0 gives flat grey, 1 the image, more than 1 more contrast.
    case contrast(Double)
    /// Mixes each pixel with its own grey: 0 gives a grey image, 1 the image.
    case saturation(Double)
    /// Turns the hue by this part of the colour circle, -0.5...0.5.
    case hue(Double)
}

extension Image {
    /// The image after the steps, in their order. A grey image is returned as RGB.
    public func adjusted(_ steps: [ColorStep]) -> Image {
        var result = rgb
        let (width, height) = (width, height)
        result.pixels.withUnsafeMutableBufferPointer { buffer in
            guard let pixels = buffer.baseAddress else { return }
            PixelWindow(pixels: pixels, width: width, height: height, stride: 3 * width).adjust(steps)
        }
        return result
    }
}

/// A window of an RGB image in memory that somebody else owns; rows are `stride` bytes apart.
package struct PixelWindow {
    let pixels: UnsafeMutablePointer<UInt8>
    let width: Int
    let height: Int
    let stride: Int

    package init(pixels: UnsafeMutablePointer<UInt8>, width: Int, height: Int, stride: Int) {
        self.pixels = pixels
        self.width = width
        self.height = height
        self.stride = stride
    }

    /// Applies the steps in place.
    ///
    /// Steps that change each byte by itself are gathered in a table, which rides along with the next step that must visit
    /// the pixels anyway.
    package func adjust(_ steps: [ColorStep]) {
        guard width > 0, height > 0 else { return }
        var table = ByteTable.identity
        for step in steps {
            switch step {
            case .brightness(let factor):
                table.append { $0 * Float(factor) }
            case .contrast(let factor):
                let mean = meanGrey(through: table)
                table.append { $0 * Float(factor) + mean * (1 - Float(factor)) }
            case .saturation(let factor):
                saturate(Float(factor), through: table)
                table = .identity
            case .hue(let turn):
                turnHue(Float(turn), through: table)
                table = .identity
            }
        }
        if !table.isIdentity { apply(table) }
    }

    private func apply(_ table: ByteTable) {
        table.bytes.withUnsafeBufferPointer { table in
            for y in 0..<height {
                let row = pixels + y * stride
                for i in 0..<3 * width { row[i] = table[Int(row[i])] }
            }
        }
    }

    /// The mean of the grey values, each rounded down, as torchvision takes it.
    private func meanGrey(through table: ByteTable) -> Float {
        var sum = 0
        table.bytes.withUnsafeBufferPointer { table in
            for y in 0..<height {
                let row = UnsafePointer(pixels + y * stride)
                for x in 0..<width {
                    let pixel = row + 3 * x
                    sum &+= Int(grey(Int32(table[Int(pixel[0])]), Int32(table[Int(pixel[1])]), Int32(table[Int(pixel[2])])))
                }
            }
        }
        return Float(Double(sum) / Double(width * height))
    }

    private func saturate(_ factor: Float, through table: ByteTable) {
        // 14-bit fixed point.
        let own = Int32((factor * 16384).rounded())
        let other = 16384 - own
        table.bytes.withUnsafeBufferPointer { table in
            for y in 0..<height {
                let row = pixels + y * stride
                for x in 0..<width {
                    let pixel = row + 3 * x
                    let (r, g, b) = (Int32(table[Int(pixel[0])]), Int32(table[Int(pixel[1])]), Int32(table[Int(pixel[2])]))
                    let shared = grey(r, g, b) &* other
                    pixel[0] = clamp((r &* own &+ shared) >> 14)
                    pixel[1] = clamp((g &* own &+ shared) >> 14)
                    pixel[2] = clamp((b &* own &+ shared) >> 14)
                }
            }
        }
    }

    private func turnHue(_ turn: Float, through table: ByteTable) {
        let sixths = (turn < 0 ? turn + 1 : turn) * 6
        table.bytes.withUnsafeBufferPointer { table in
            HueTurn.withRows(width) { rows in
                for y in 0..<height {
                    let row = pixels + y * stride
                    rows.load(row, table.baseAddress!)
                    rows.turn(by: sixths)
                    rows.store(row)
                }
            }
        }
    }
}

/// What becomes of each byte value.
private struct ByteTable {
    static let identity = ByteTable(bytes: (0...255).map { UInt8($0) }, isIdentity: true)

    var bytes: [UInt8]
    var isIdentity: Bool

    mutating func append(_ change: (Float) -> Float) {
        for index in 0..<256 { bytes[index] = UInt8(min(max(change(Float(bytes[index])), 0), 255)) }
        isIdentity = false
    }
}

/// ITU-R BT.601 luma with torchvision's weights 0.2989, 0.587, 0.114, rounded down.
@inline(__always)
private func grey(_ r: Int32, _ g: Int32, _ b: Int32) -> Int32 {
    (r &* 19589 &+ g &* 38470 &+ b &* 7471) >> 16
}

@inline(__always)
private func clamp(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(value, 0), 255)) }
