import CTurboJPEG
import Foundation
import Support

/// Reads and writes JPEG through libjpeg-turbo.
public enum JPEG {
    /// The size of a JPEG as stored, before its EXIF orientation is applied.
    struct Header {
        let width: Int
        let height: Int
        let isCMYK: Bool
    }

    /// Decodes to RGB, upright according to EXIF. Grey becomes RGB; CMYK is taken as Adobe writes it (inverted), as Pillow does.
    ///
    /// - Parameters:
    ///   - name: what messages call the image: its path.
    ///   - minimumSize: (width, height) that the result must have at least, if the picture is large enough. The decoder then
    ///     halves, quarters or eighths the picture while decoding, which is much faster than to decode all and shrink.
    /// - Throws: `UserError` naming the image when it is damaged or cut short.
    public static func decode(_ bytes: [UInt8], name: String, minimumSize: (width: Int, height: Int)? = nil) throws -> Image {
        let handle = try decompressor()
        defer { tjDestroy(handle) }
        let header = try readHeader(bytes, handle, name)
        let orientation = orientation(of: bytes)
        let scale = minimumSize.map { wanted in
            let (w, h) = orientation.swapsSides ? (header.height, header.width) : (header.width, header.height)
            return [8, 4, 2].first { w / $0 >= wanted.width && h / $0 >= wanted.height } ?? 1
        }
        let divisor = scale ?? 1
        let width = (header.width + divisor - 1) / divisor
        let height = (header.height + divisor - 1) / divisor
        let channels = header.isCMYK ? 4 : 3
        let format = header.isCMYK ? TJPF_CMYK : TJPF_RGB
        let count = width * height * channels
        let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            let status = tjDecompress2(
                handle, bytes, UInt(bytes.count), buffer.baseAddress, Int32(width), Int32(width * channels), Int32(height),
                Int32(format.rawValue), 0)
            if status != 0, let problem = seriousProblem(handle) { throw damaged(name, problem) }
            used = count
        }
        let image = Image(width: width, height: height, pixels: header.isCMYK ? rgb(fromInvertedCMYK: pixels) : pixels)
        return image.upright(from: orientation)
    }

    /// Encodes an RGB or grey image.
    /// - Parameter quality: 1...100; colour is stored at full resolution from 90 upwards, at half below.
    public static func encode(_ image: Image, quality: Int = 90) throws -> Data {
        guard let handle = tjInitCompress() else { throw UserError("cannot start the JPEG encoder", exitCode: .internalError) }
        defer { tjDestroy(handle) }
        var output: UnsafeMutablePointer<UInt8>?
        var size: UInt = 0
        defer { tjFree(output) }
        let format = image.channels == 1 ? TJPF_GRAY : TJPF_RGB
        let subsampling = image.channels == 1 ? TJSAMP_GRAY : quality >= 90 ? TJSAMP_444 : TJSAMP_420
        let status = tjCompress2(
            handle, image.pixels, Int32(image.width), 0, Int32(image.height), Int32(format.rawValue), &output, &size,
            Int32(subsampling.rawValue), Int32(quality), 0)
        guard status == 0, let output else {
            throw UserError("cannot encode a JPEG of \(image.width)×\(image.height): \(message(handle))", exitCode: .internalError)
        }
        return Data(bytes: output, count: Int(size))
    }

    // MARK: Details

    private static func decompressor() throws -> tjhandle {
        guard let handle = tjInitDecompress() else {
            throw UserError("cannot start the JPEG decoder", hint: "Memory may be short.", exitCode: .outOfMemory)
        }
        return handle
    }

    private static func readHeader(_ bytes: [UInt8], _ handle: tjhandle, _ name: String) throws -> Header {
        var (width, height, subsampling, colors): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let status = tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &colors)
        // A failed header leaves the sizes at 0; a mere warning does not.
        guard status == 0 || (width > 0 && height > 0 && seriousProblem(handle) == nil) else { throw damaged(name, message(handle)) }
        try checkSize(width: Int(width), height: Int(height), name)
        let isCMYK = colors == Int32(TJCS_CMYK.rawValue) || colors == Int32(TJCS_YCCK.rawValue)
        return Header(width: Int(width), height: Int(height), isCMYK: isCMYK)
    }

    /// Nil when the decoder complains of nothing but stray bytes between segments, which many cameras write.
    private static func seriousProblem(_ handle: tjhandle) -> String? {
        let text = message(handle)
        return tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) && text.contains("extraneous bytes") ? nil : text
    }

    private static func message(_ handle: tjhandle) -> String {
        tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown reason"
    }

    private static func damaged(_ name: String, _ reason: String) -> UserError {
        UserError(
            "\(name): the JPEG is damaged or cut short (\(reason))",
            hint: "Copy it again from its source, or take it out of the data set.")
    }

    /// The orientation in the first EXIF segment before the picture's data.
    static func orientation(of bytes: [UInt8]) -> Orientation {
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xFF {
                position += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { break }
            let end = position + 2 + (Int(bytes[position + 2]) << 8 | Int(bytes[position + 3]))
            guard end <= bytes.count else { break }
            let content = bytes[min(position + 4, end)..<end]
            if marker == 0xE1, content.starts(with: Array("Exif\0\0".utf8)) { return Orientation(exif: content.dropFirst(6)) }
            position = end
        }
        return .up
    }

    private static func rgb(fromInvertedCMYK source: [UInt8]) -> [UInt8] {
        let pixels = source.count / 4
        return [UInt8](unsafeUninitializedCapacity: pixels * 3) { target, count in
            for pixel in 0..<pixels {
                let black = Int(source[4 * pixel + 3])
                for c in 0..<3 { target[3 * pixel + c] = UInt8((Int(source[4 * pixel + c]) * black + 127) / 255) }
            }
            count = pixels * 3
        }
    }
}

/// Refuses sizes that no segmentation data set has but that a damaged or hostile header may claim.
func checkSize(width: Int, height: Int, _ name: String) throws {
    guard width > 0, height > 0, width * height <= 1 << 28 else {
        throw UserError(
            "\(name): expected an image of at most 268 million pixels, found \(width)×\(height)",
            hint: "The file may be damaged; if the picture is really that large, cut it into tiles first.")
    }
}
