import CJPEG
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

    /// Decodes a region to RGB, not turned. Grey becomes RGB; CMYK is taken as Adobe writes it (inverted), as Pillow does.
    ///
    /// - Parameters:
    ///   - divisor: 1, 2, 4 or 8: the decoder shrinks the picture while decoding, which is much faster than to decode all of it.
    ///   - region: in pixels of the shrunken picture. Its pixels are those of the whole; what lies below it is not decoded.
    static func decode(_ bytes: [UInt8], _ header: Header, divisor: Int, _ region: PixelRegion, name: String) throws -> Image {
        let count = region.width * region.height * (header.isCMYK ? 4 : 3)
        let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            let window = cjpeg_region(
                x: Int32(region.columns.lowerBound), y: Int32(region.rows.lowerBound), width: Int32(region.width),
                height: Int32(region.height))
            try withMessage {
                cjpeg_decode(bytes, bytes.count, Int32(divisor), window, buffer.baseAddress, $0)
            } orThrow: {
                damaged(name, $0)
            }
            used = count
        }
        return Image(width: region.width, height: region.height, pixels: header.isCMYK ? rgb(fromInvertedCMYK: pixels) : pixels)
    }

    /// - Throws: `UserError` naming the image when its header is damaged or claims a size that no picture has.
    static func readHeader(_ bytes: [UInt8], name: String) throws -> Header {
        var header = cjpeg_header()
        try withMessage {
            cjpeg_read_header(bytes, bytes.count, &header, $0)
        } orThrow: {
            damaged(name, $0)
        }
        try checkSize(width: Int(header.width), height: Int(header.height), name)
        return Header(width: Int(header.width), height: Int(header.height), isCMYK: header.is_cmyk)
    }

    /// Encodes an RGB or grey image.
    /// - Parameter quality: 1...100; colour is stored at full resolution from 90 upwards, at half below.
    public static func encode(_ image: Image, quality: Int = 90) throws -> Data {
        var output: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { free(output) }
        try withMessage {
            cjpeg_encode(
                image.pixels, Int32(image.width), Int32(image.height), Int32(image.channels), Int32(quality), quality >= 90, &output,
                &count, $0)
        } orThrow: {
            UserError("cannot encode a JPEG of \(image.width)×\(image.height): \($0)", exitCode: .internalError)
        }
        return output.map { Data(bytes: $0, count: count) } ?? Data()
    }

    // MARK: Details

    private static func withMessage(
        _ call: (UnsafeMutablePointer<CChar>) -> Bool, orThrow error: (_ message: String) -> UserError
    ) throws {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CJPEG_MESSAGE)) { message in
            guard call(message.baseAddress!) else { throw error(String(cString: message.baseAddress!)) }
        }
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
