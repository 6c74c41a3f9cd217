/// A picture's gist: what stays alike when it is scaled, compressed again or slightly brightened.
public struct PerceptualHash: Sendable, Hashable {
    /// Bit 8·y + x says whether brightness falls from cell x to cell x + 1 in row y of a picture of 9×8 cells (dHash, Krawetz 2013).
    public let bits: UInt64
    /// Whether the cells differ enough in brightness for the bits to mean anything.
    public let isTelling: Bool
    /// Mean brightness of 9×8 cells, row by row.
    let cells: [UInt8]

    public init(_ image: Image) {
        cells = image.cells(columns: 9, rows: 8)
        var bits: UInt64 = 0
        for y in 0..<8 {
            for x in 0..<8 where cells[9 * y + x] > cells[9 * y + x + 1] { bits |= 1 << UInt64(8 * y + x) }
        }
        self.bits = bits
        isTelling = Int(cells.max()!) - Int(cells.min()!) >= 16
    }

    /// In how many of the 64 bits two pictures differ.
    public func distance(to other: PerceptualHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

    /// The mean difference of the cells' brightness, of 255.
    public func difference(to other: PerceptualHash) -> Double {
        Double(zip(cells, other.cells).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(cells.count)
    }
}

extension Image {
    /// The mean brightness (green counts twice) of each cell of a grid over the picture.
    fileprivate func cells(columns: Int, rows: Int) -> [UInt8] {
        var sums = [Int](repeating: 0, count: columns * rows)
        var counts = sums
        let column = (0..<width).map { $0 * columns / width }
        pixels.withUnsafeBufferPointer { pixels in
            for y in 0..<height {
                let row = y * rows / height * columns
                for x in 0..<width {
                    let pixel = (y * width + x) * channels
                    let last = channels - 1
                    let light = Int(pixels[pixel]) + 2 * Int(pixels[pixel + last / 2]) + Int(pixels[pixel + last])
                    sums[row + column[x]] += light
                    counts[row + column[x]] += 4
                }
            }
        }
        // A picture smaller than the grid leaves cells empty; they take their neighbour's value.
        var last = UInt8(0)
        return zip(sums, counts).map { sum, count in
            if count > 0 { last = UInt8(sum / count) }
            return last
        }
    }
}
