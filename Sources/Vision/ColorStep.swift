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
    /// Only contrast needs the whole picture (its mean grey); all that stands before it, or after it, is done row by row in one
    /// visit, and brightness and contrast themselves are tables of 256 bytes.
    package func adjust(_ steps: [ColorStep]) {
        guard width > 0, height > 0 else { return }
        var pending: [RowStep] = []
        for step in steps {
            switch step {
            case .brightness(let factor):
                pending.append(table: ByteTable { $0 * Float(factor) })
            case .contrast(let factor):
                let mean = meanGrey(after: &pending)
                pending.append(table: ByteTable { $0 * Float(factor) + mean * (1 - Float(factor)) })
            case .saturation(let factor): pending.append(.saturate(factor))
            case .hue(let turn): pending.append(.turnHue(sixths: (turn < 0 ? turn + 1 : turn) * 6))
            }
        }
        if pending.isEmpty { return }
        forEachRow(after: pending) { row, pixels in row.store(pixels) }
    }

    /// The mean of the grey values, each rounded down, as torchvision takes it, once the pending steps are done.
    private func meanGrey(after pending: inout [RowStep]) -> Float {
        var sum = 0
        // A table alone is cheaper to look up again than to write down.
        let keeps = pending.allSatisfy(\.isTable)
        forEachRow(after: pending) { row, pixels in
            sum += row.sumOfGreys()
            if !keeps { row.store(pixels) }
        }
        if !keeps { pending = [] }
        return Float(Double(sum) / Double(width * height))
    }

    /// Calls `body` with each row after the steps, and where its pixels came from.
    private func forEachRow(after steps: [RowStep], _ body: (PixelRow, UnsafeMutablePointer<UInt8>) -> Void) {
        var steps = steps[...]
        var first = ByteTable.identity
        if case .table(let table)? = steps.first {
            first = table
            steps = steps.dropFirst()
        }
        PixelRow.withMemory(width) { row in
            for y in 0..<height {
                let source = pixels + y * stride
                row.load(source, first.bytes)
                for step in steps {
                    switch step {
                    case .table(let table): row.apply(table.bytes)
                    case .saturate(let factor): row.saturate(factor)
                    case .turnHue(let sixths): row.turnHue(sixths)
                    }
                }
                body(row, source)
            }
        }
    }
}

/// What can be done to a row without knowing the others.
private enum RowStep {
    case table(ByteTable)
    case saturate(Double)
    case turnHue(sixths: Double)

    var isTable: Bool { if case .table = self { true } else { false } }
}

extension [RowStep] {
    /// Two tables in a row are one.
    fileprivate mutating func append(table: ByteTable) {
        if case .table(let before)? = last {
            self[count - 1] = .table(ByteTable(bytes: before.bytes.map { table.bytes[Int($0)] }))
        } else {
            append(.table(table))
        }
    }
}

/// What becomes of each byte value.
private struct ByteTable {
    static let identity = ByteTable { $0 }

    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Results are clamped and rounded down, as torchvision does.
    init(_ change: (Float) -> Float) {
        bytes = (0..<256).map { UInt8(Swift.min(Swift.max(change(Float($0)), 0), 255)) }
    }
}
