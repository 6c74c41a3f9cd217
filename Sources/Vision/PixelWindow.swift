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
    /// What needs the whole picture (contrast its mean, autocontrast and equalize its histograms, blur and sharpness the
    /// neighbours) ends a visit; all that stands between is done row by row in one, and most of it is tables of 256 bytes.
    package func adjust(_ steps: [ColorStep]) {
        guard width > 0, height > 0 else { return }
        var pending: [RowStep] = []
        for step in steps {
            switch step {
            case .brightness(let factor): pending.append(table: ByteTable { $0 * Float(factor) })
            case .offset(let amount): pending.append(table: ByteTable { $0 + Float(amount) })
            case .contrast(let factor):
                let mean = meanGrey(after: &pending)
                pending.append(table: ByteTable { $0 * Float(factor) + mean * (1 - Float(factor)) })
            case .saturation(let factor): pending.append(.saturate(factor))
            case .vividness(let factor): pending.append(.enliven(factor))
            case .hue(let turn): pending.append(.turnHue(sixths: (turn < 0 ? turn + 1 : turn) * 6))
            case .posterize(let bits): pending.append(table: ByteTable { Float(UInt8($0) & ~UInt8(255 >> bits)) })
            case .solarize(let threshold): pending.append(table: ByteTable { $0 >= Float(threshold) ? 255 - $0 : $0 })
            case .autocontrast: pending.append(.tables(histograms(after: &pending).map(\.stretching)))
            case .equalize: pending.append(.tables(histograms(after: &pending).map(\.equalizing)))
            case .sharpness(let factor):
                finish(&pending)
                sharpen(factor)
            case .blur(let sigma):
                finish(&pending)
                blur(sigma: sigma)
            }
        }
        finish(&pending)
    }

    private func finish(_ pending: inout [RowStep]) {
        if !pending.isEmpty { forEachRow(after: pending) { row, pixels in row.store(pixels) } }
        pending = []
    }

    /// The mean of the grey values, each rounded down, as torchvision takes it, once the pending steps are done.
    private func meanGrey(after pending: inout [RowStep]) -> Float {
        var sum = 0
        visit(after: &pending) { sum += $0.sumOfGreys() }
        return Float(Double(sum) / Double(width * height))
    }

    /// How often each channel has each value, once the pending steps are done.
    private func histograms(after pending: inout [RowStep]) -> [ChannelHistogram] {
        var counts = [Int32](repeating: 0, count: 768)
        visit(after: &pending) { row in counts.withUnsafeMutableBufferPointer { row.count(into: $0.baseAddress!) } }
        return (0..<3).map { ChannelHistogram(counts: Array(counts[256 * $0..<256 * ($0 + 1)])) }
    }

    private func visit(after pending: inout [RowStep], _ body: (PixelRow) -> Void) {
        // A table alone is cheaper to look up again than to write down.
        let keeps = pending.allSatisfy(\.isTable)
        forEachRow(after: pending) { row, pixels in
            body(row)
            if !keeps { row.store(pixels) }
        }
        if !keeps { pending = [] }
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
                    case .table(let table): row.apply(table.bytes, table.bytes, table.bytes)
                    case .tables(let tables): row.apply(tables[0].bytes, tables[1].bytes, tables[2].bytes)
                    case .saturate(let factor): row.saturate(factor)
                    case .enliven(let factor): row.enliven(factor)
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
    /// One for each channel.
    case tables([ByteTable])
    case saturate(Double)
    case enliven(Double)
    case turnHue(sixths: Double)

    var isTable: Bool {
        switch self {
        case .table, .tables: true
        default: false
        }
    }
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
