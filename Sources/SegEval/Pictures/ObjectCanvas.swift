import SegData
import Vision

/// A picture at the size at which it is looked at, that objects are laid over.
struct ObjectCanvas {
    private(set) var image: Image
    private let columns: [Int32]
    private let rows: [Int32]
    private var texts: [(columns: Range<Int>, rows: Range<Int>)] = []
    /// The width of outlines in pixels.
    private let line: Int

    /// - Parameter longerSide: the picture is enlarged or shrunk until its longer side is in this range.
    init(_ picture: Image, longerSide: ClosedRange<Int>) {
        let longer = max(picture.width, picture.height)
        let side = min(max(longer, longerSide.lowerBound), longerSide.upperBound)
        func scaled(_ length: Int) -> Int { max(1, (length * side + longer / 2) / longer) }
        let (width, height) = (scaled(picture.width), scaled(picture.height))
        image = picture.rgb.resized(width: width, height: height)
        columns = ResampleAxis(from: picture.width, to: width, range: 0..<width, .nearest).first
        rows = ResampleAxis(from: picture.height, to: height, range: 0..<height, .nearest).first
        line = max(1, (side + 150) / 300)
    }

    /// A mask of the picture's own size at the canvas's.
    private func placed(_ mask: RunLengthMask) -> RunLengthMask {
        mask.resampled(columns: columns, rows: rows, left: 0, top: 0, width: image.width, height: image.height)
    }

    private mutating func blend(_ mask: RunLengthMask, _ color: RGB, opacity: Double) {
        let weight = Int(opacity * 256)
        let parts = [Int(color.red), Int(color.green), Int(color.blue)]
        mask.forEachRun { column, row, length in
            for y in row..<row + length {
                let start = 3 * (y * image.width + column)
                for c in 0..<3 {
                    image.pixels[start + c] = UInt8((Int(image.pixels[start + c]) * (256 - weight) + parts[c] * weight) >> 8)
                }
            }
        }
    }

    /// Lays an object over the picture, filled or only outlined.
    mutating func draw(_ mask: RunLengthMask, fill: RGB?, outline: RGB) {
        let own = placed(mask)
        if let fill { blend(own, fill, opacity: 0.4) }
        blend(own.boundary(width: line), outline, opacity: 0.95)
    }

    /// Writes on an object, where its columns are long and the middle is near, if the text has room in its box and no other text is there.
    mutating func write(_ text: String, on mask: RunLengthMask) {
        let own = placed(mask)
        guard !text.isEmpty, let extent = own.extent else { return }
        let middle = (extent.columns.lowerBound + extent.columns.upperBound) / 2
        var thickest = (column: 0, row: 0, length: 0, merit: Int.min)
        own.forEachRun { column, row, length in
            let merit = 2 * length - abs(column - middle)
            if merit > thickest.merit { thickest = (column, row, length, merit) }
        }
        for scale in [2, 1] {
            let size = Image.textSize(text, scale: scale)
            guard size.width <= extent.columns.count, size.height <= extent.rows.count else { continue }
            let x = min(max(0, thickest.column - size.width / 2), image.width - size.width)
            let y = min(max(0, thickest.row + (thickest.length - size.height) / 2), image.height - size.height)
            let place = (columns: x..<x + size.width, rows: y..<y + size.height)
            guard !texts.contains(where: { $0.columns.overlaps(place.columns) && $0.rows.overlaps(place.rows) }) else { continue }
            texts.append(place)
            image.draw(text, x: x, y: y, scale: scale)
            return
        }
    }
}
