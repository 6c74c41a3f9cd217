import CSpng
import Foundation
import Support

/// Reads PNG through libspng: every bit depth and colour type, interlaced or not.
public enum PNG {
    /// Decodes rows (all when nil) to 8-bit RGB, not turned: grey and palettes become RGB, 16 bits are cut to 8, alpha is dropped.
    /// - Throws: `UserError` naming the image when it is damaged or cut short.
    static func decode(_ bytes: [UInt8], rows: Range<Int>?, name: String) throws -> Image {
        if let stream = PNGStream(bytes) {
            try checkSize(width: stream.width, height: stream.height, name)
            return try decode(stream, rows ?? 0..<stream.height, name)
        }
        return try withContext(bytes, name) { context, header in
            let rows = rows ?? 0..<Int(header.height)
            let pixels = try decodePixels(context, header, SPNG_FMT_RGB8, rows, name)
            return Image(width: Int(header.width), height: rows.count, pixels: pixels)
        }
    }

    /// - Throws: `UserError` naming the image when its header is damaged or claims a size that no picture has.
    static func readSize(_ bytes: [UInt8], name: String) throws -> (width: Int, height: Int) {
        try withContext(bytes, name) { _, header in (Int(header.width), Int(header.height)) }
    }

    /// Decodes the raw numbers of a grey or palette PNG: palette indices, not colours; 16-bit values unscaled.
    ///
    /// Grey with alpha gives the grey, a colour picture the `channel` that is asked for.
    /// - Parameter rows: the only rows that are wanted; all when nil. Those below them are not read.
    /// - Throws: `UserError` naming the file when it is damaged or cut short, a colour picture though no channel is asked for, or
    ///   holds 16-bit values that `Value` cannot hold.
    public static func decodeValues<Value>(
        _ bytes: [UInt8], rows: Range<Int>? = nil, name: String, channel: Int? = nil, as type: Value.Type = Value.self
    ) throws -> Raster<Value> {
        if Value.self == UInt8.self, let stream = PNGStream(bytes), stream.channels == 1 {
            try checkSize(width: stream.width, height: stream.height, name)
            let rows = rows ?? 0..<stream.height
            let values = try decodeRows(stream, rows, name)
            // The same type; a cast with `as!` would go through the elements one by one.
            return Raster(width: stream.width, height: rows.count, values: unsafeBitCast(values, to: [Value].self))
        }
        return try withContext(bytes, name) { context, header in
            let isColor = header.color_type & 2 != 0 && header.color_type != UInt8(SPNG_COLOR_TYPE_INDEXED.rawValue)
            guard !isColor || channel != nil else {
                throw UserError(
                    "\(name): expected a grey or palette PNG whose pixels are numbers, found a colour picture",
                    hint: "Convert the colours to class indices first, or name the folder that holds the index PNGs.")
            }
            let rows = rows ?? 0..<Int(header.height)
            let (width, height) = (Int(header.width), rows.count)
            let raw = try decodePixels(context, header, SPNG_FMT_RAW, rows, name)
            let samples = header.color_type == 4 ? 2 : isColor ? (header.color_type == 6 ? 4 : 3) : 1
            let values = unpack(
                raw, width: width, height: height, depth: Int(header.bit_depth), samples: samples, channel: isColor ? channel ?? 0 : 0)
            let limit = UInt32(Value.max)
            if let tooLarge = values.firstIndex(where: { UInt32($0) > limit }) {
                throw UserError(
                    "\(name): expected values up to \(Value.max), found \(values[tooLarge]) at x \(tooLarge % width), y \(rows.lowerBound + tooLarge / width)",
                    hint: "A class label is one byte; 255 means \"ignore\".")
            }
            return Raster(width: width, height: height, values: values.map { Value(truncatingIfNeeded: $0) })
        }
    }

    // MARK: Details

    private static func withContext<R>(_ bytes: [UInt8], _ name: String, _ body: (OpaquePointer, spng_ihdr) throws -> R) throws -> R {
        // Every chunk has a checksum of its own, which is verified; that of the stream within them adds nothing.
        guard let context = spng_ctx_new(Int32(SPNG_CTX_IGNORE_ADLER32.rawValue)) else {
            throw UserError("cannot start the PNG decoder", hint: "Memory may be short.", exitCode: .outOfMemory)
        }
        defer { spng_ctx_free(context) }
        return try bytes.withUnsafeBytes { buffer in
            try check(spng_set_png_buffer(context, buffer.baseAddress, buffer.count), name)
            // Metadata larger than this is not a picture's; the limit keeps a damaged length from taking all memory.
            try check(spng_set_chunk_limits(context, 1 << 26, 1 << 27), name)
            var header = spng_ihdr()
            try check(spng_get_ihdr(context, &header), name)
            try checkSize(width: Int(header.width), height: Int(header.height), name)
            return try body(context, header)
        }
    }

    /// One of the `samples` big-endian samples of each pixel; rows of less than 8 bits a pixel end on a byte.
    private static func unpack(_ raw: [UInt8], width: Int, height: Int, depth: Int, samples: Int, channel: Int) -> [UInt16] {
        let rowBytes = (width * depth * samples + 7) / 8
        var values = [UInt16](repeating: 0, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                let bit = (x * samples + channel) * depth
                let byte = y * rowBytes + bit / 8
                values[y * width + x] =
                    switch depth {
                    case 16: UInt16(raw[byte]) << 8 | UInt16(raw[byte + 1])
                    case 8: UInt16(raw[byte])
                    default: UInt16(raw[byte] >> (8 - depth - bit % 8)) & (1 << depth - 1)
                    }
            }
        }
        return values
    }

    static func check(_ status: Int32, _ name: String) throws {
        guard status != 0 else { return }
        let reason = spng_strerror(status).map { String(cString: $0) } ?? "error \(status)"
        throw damaged(name, reason, exitCode: status == Int32(SPNG_EMEM.rawValue) ? .outOfMemory : .badInput)
    }

    static func damaged(_ name: String, _ reason: String, exitCode: ExitCode = .badInput) -> UserError {
        UserError(
            "\(name): the PNG is damaged or cut short (\(reason))",
            hint: "Copy it again from its source, or take it out of the data set.", exitCode: exitCode)
    }
}
