import CSpng
import Support

extension PNG {
    /// Some of a picture's rows in one of spng's formats. The rows below them are not read.
    static func decodePixels(
        _ context: OpaquePointer, _ header: spng_ihdr, _ format: spng_format, _ rows: Range<Int>, _ name: String
    ) throws -> [UInt8] {
        var size = 0
        try check(spng_decoded_image_size(context, Int32(format.rawValue), &size), name)
        let rowBytes = size / Int(header.height)
        guard header.interlace_method == 0, rows.upperBound < Int(header.height) || rows.lowerBound > 0 else {
            let pixels = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                try check(spng_decode_image(context, buffer.baseAddress, size, Int32(format.rawValue), 0), name)
                count = size
            }
            return rows.count == Int(header.height) ? pixels : Array(pixels[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes])
        }
        try check(spng_decode_image(context, nil, 0, Int32(format.rawValue), Int32(SPNG_DECODE_PROGRESSIVE.rawValue)), name)
        return try [UInt8](unsafeUninitializedCapacity: rows.count * rowBytes) { buffer, count in
            // Rows above the wanted ones are written where the first of these will be.
            for row in 0..<rows.upperBound {
                let target = buffer.baseAddress! + max(0, row - rows.lowerBound) * rowBytes
                let status = spng_decode_row(context, target, rowBytes)
                if status != Int32(SPNG_EOI.rawValue) { try check(status, name) }
            }
            count = rows.count * rowBytes
        }
    }

    /// Rows of a picture of 8 bits a sample as they are stored.
    static func decodeRows(_ stream: PNGStream, _ rows: Range<Int>, _ name: String) throws -> [UInt8] {
        do { return try stream.rows(rows) } catch let damage as PNGStream.Damage { throw damaged(name, damage.description) }
    }

    /// Rows of a picture of 8 bits a sample as RGB.
    static func decode(_ stream: PNGStream, _ rows: Range<Int>, _ name: String) throws -> Image {
        let stored = try decodeRows(stream, rows, name)
        guard stream.channels != 3 else { return Image(width: stream.width, height: rows.count, pixels: stored) }
        let count = stream.width * rows.count
        let palette = stream.palette.map { $0 + [UInt8](repeating: 0, count: 768 - $0.count) }
        if let colors = stream.palette?.count, let wrong = stored.first(where: { 3 * Int($0) >= colors }) {
            throw damaged(name, "colour \(wrong) is not in the palette of \(colors / 3)")
        }
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { output, used in
            for pixel in 0..<count {
                let place = pixel &* stream.channels
                let first = Int(stored[place])
                for channel in 0..<3 {
                    output[3 &* pixel &+ channel] =
                        palette?[3 &* first &+ channel] ?? stored[stream.channels == 4 ? place &+ channel : place]
                }
            }
            used = 3 * count
        }
        return Image(width: stream.width, height: rows.count, pixels: pixels)
    }

    /// The orientation in the eXIf chunk, wherever it stands.
    static func orientation(of bytes: [UInt8]) -> Orientation {
        var position = 8
        while position + 12 <= bytes.count {
            let end = position + 12 + bytes.bigEndian(at: position)
            guard end <= bytes.count else { break }
            if bytes[position + 4..<position + 8].elementsEqual("eXIf".utf8) {
                return Orientation(exif: bytes[position + 8..<end - 4])
            }
            position = end
        }
        return .up
    }
}
