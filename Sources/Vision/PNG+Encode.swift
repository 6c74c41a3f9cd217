import CSpng
import Foundation
import Support

extension PNG {
    /// Encodes an 8-bit RGB or grey image.
    public static func encode(_ image: Image) throws -> Data {
        let color = image.channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR
        return try image.pixels.withUnsafeBytes { try encode($0, image.width, image.height, depth: 8, color, palette: nil) }
    }

    /// Encodes numbers unchanged: as palette indices with the palette's colours, or as grey without a palette.
    ///
    /// A palette is for 8-bit values only; values beyond its end are shown black by viewers and read back unchanged here.
    public static func encode<Value>(_ raster: Raster<Value>, palette: Palette? = nil) throws -> Data {
        let (width, height) = (raster.width, raster.height)
        if Value.bitWidth <= 8 {
            let color = palette == nil ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_INDEXED
            return try raster.values.withUnsafeBytes { try encode($0, width, height, depth: 8, color, palette: palette) }
        }
        precondition(palette == nil, "a palette needs 8-bit values")
        let wide = raster.values.map { UInt16(clamping: $0) }
        return try wide.withUnsafeBytes { try encode($0, width, height, depth: 16, SPNG_COLOR_TYPE_GRAYSCALE, palette: nil) }
    }

    private static func encode(
        _ pixels: UnsafeRawBufferPointer, _ width: Int, _ height: Int, depth: UInt8, _ color: spng_color_type, palette: Palette?
    ) throws -> Data {
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
            throw UserError("cannot start the PNG encoder", hint: "Memory may be short.", exitCode: .outOfMemory)
        }
        defer { spng_ctx_free(context) }
        try check(spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1))
        var header = spng_ihdr(
            width: UInt32(width), height: UInt32(height), bit_depth: depth, color_type: UInt8(color.rawValue),
            compression_method: 0, filter_method: 0, interlace_method: UInt8(SPNG_INTERLACE_NONE.rawValue))
        try check(spng_set_ihdr(context, &header))
        if let palette { try setPalette(palette, context) }
        let flags = Int32(SPNG_ENCODE_FINALIZE.rawValue)
        try check(spng_encode_image(context, pixels.baseAddress, pixels.count, Int32(SPNG_FMT_PNG.rawValue), flags))
        var (size, status): (Int, Int32) = (0, 0)
        guard let buffer = spng_get_png_buffer(context, &size, &status) else { throw failure(status) }
        defer { free(buffer) }
        return Data(bytes: buffer, count: size)
    }

    /// All 256 entries are written, so that the ignore value 255 is a valid index too.
    private static func setPalette(_ palette: Palette, _ context: OpaquePointer) throws {
        var table = spng_plte()
        table.n_entries = 256
        withUnsafeMutableBytes(of: &table.entries) { bytes in
            for (index, entry) in bytes.bindMemory(to: spng_plte_entry.self).indices.enumerated() {
                let color = palette[UInt8(index)]
                bytes.bindMemory(to: spng_plte_entry.self)[entry] = spng_plte_entry(
                    red: color.red, green: color.green, blue: color.blue, alpha: 255)
            }
        }
        try check(spng_set_plte(context, &table))
    }

    private static func check(_ status: Int32) throws {
        if status != 0 { throw failure(status) }
    }

    private static func failure(_ status: Int32) -> UserError {
        let reason = spng_strerror(status).map { String(cString: $0) } ?? "error \(status)"
        return UserError("cannot encode a PNG: \(reason)", exitCode: .internalError)
    }
}
