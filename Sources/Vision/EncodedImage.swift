import Foundation
import Support

/// A JPEG or PNG file in memory, whose size is known before it is decoded, and of which a window can be decoded alone.
public struct EncodedImage: Sendable {
    /// What messages call it: its path.
    public let name: String
    public let format: ImageFormat
    /// Of the upright picture, in pixels.
    public let width: Int
    public let height: Int
    /// The file's content.
    public let bytes: [UInt8]
    private let orientation: Orientation
    private let jpegHeader: JPEG.Header?

    /// Reads a file. The content decides the format, not the extension.
    /// - Throws: `UserError` naming the file when it is missing, empty, of another kind, or its header is damaged.
    public init(contentsOf url: URL) throws { try self.init(FileBytes.read(url), name: url.path) }

    /// As ``init(contentsOf:)`` for a file that is already in memory; `name` is what messages call it.
    public init(_ bytes: [UInt8], name: String) throws {
        self.name = name
        self.bytes = bytes
        format = try ImageFormat(sniffing: bytes, name: name)
        let stored: (width: Int, height: Int)
        switch format {
        case .jpeg:
            let header = try JPEG.readHeader(bytes, name: name)
            jpegHeader = header
            stored = (header.width, header.height)
            orientation = JPEG.orientation(of: bytes)
        case .png:
            jpegHeader = nil
            stored = try PNG.readSize(bytes, name: name)
            orientation = PNG.orientation(of: bytes)
        }
        (width, height) = orientation.swapsSides ? (stored.height, stored.width) : stored
    }

    /// By how much the decoder can shrink the picture so that it still has at least a size: 8, 4 or 2 for a JPEG; 1 for none.
    public func divisor(forAtLeast width: Int, _ height: Int) -> Int {
        guard format == .jpeg else { return 1 }
        return [8, 4, 2].first { self.width / $0 >= width && self.height / $0 >= height } ?? 1
    }

    /// The whole picture as 8-bit RGB, upright according to EXIF.
    /// - Throws: `UserError` naming the image when it is damaged or cut short.
    public func decode() throws -> Image {
        try decode(PixelRegion(columns: 0..<width, rows: 0..<height)).content
    }

    /// A part of the picture that holds at least a region, as 8-bit RGB, upright according to EXIF. Its pixels are those of the whole.
    ///
    /// A JPEG's columns and rows outside the region are not made into pixels, a PNG's rows below it are not read; a picture that EXIF
    /// turns is decoded whole. Damage outside of what is read goes unseen.
    /// - Parameters:
    ///   - region: in pixels of the shrunken picture, which has `width / divisor` × `height / divisor`, rounded up.
    ///   - divisor: see ``divisor(forAtLeast:_:)``.
    /// - Throws: `UserError` naming the image when it is damaged or cut short.
    public func decode(_ region: PixelRegion, divisor: Int = 1) throws -> Part<Image> {
        if let header = jpegHeader {
            guard orientation == .up else {
                let (width, height) = ((header.width + divisor - 1) / divisor, (header.height + divisor - 1) / divisor)
                let whole = PixelRegion(columns: 0..<width, rows: 0..<height)
                return try Part(JPEG.decode(bytes, header, divisor: divisor, whole, name: name).upright(from: orientation))
            }
            let image = try JPEG.decode(bytes, header, divisor: divisor, region, name: name)
            return Part(image, x: region.columns.lowerBound, y: region.rows.lowerBound)
        }
        precondition(divisor == 1, "only a JPEG can be shrunk while it is decoded")
        let rows = orientation == .up ? region.rows : nil
        let image = try PNG.decode(bytes, rows: rows, name: name)
        return Part(image.upright(from: orientation), y: rows?.lowerBound ?? 0)
    }
}
