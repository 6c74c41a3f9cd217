import Foundation
import Support

extension Image {
    /// Reads a JPEG or PNG file as 8-bit RGB, upright according to EXIF. The content decides the format, not the extension.
    /// - Throws: `UserError` naming the file when it is missing, empty, cut short, damaged, or of another kind.
    public init(contentsOf url: URL) throws { self = try EncodedImage(contentsOf: url).decode() }

    /// As ``init(contentsOf:)`` for a file that is already in memory; `name` is what messages call it.
    public init(decoding bytes: [UInt8], name: String) throws { self = try EncodedImage(bytes, name: name).decode() }

    /// Writes PNG, or JPEG when the name ends in `.jpg` or `.jpeg`.
    public func write(to url: URL, quality: Int = 90) throws {
        let isJPEG = ["jpg", "jpeg"].contains(url.pathExtension.lowercased())
        try AtomicFile.write(isJPEG ? JPEG.encode(self, quality: quality) : PNG.encode(self), to: url)
    }
}

extension Raster {
    /// Reads the raw numbers of a grey or palette PNG, as class indices and object numbers are stored.
    /// - Throws: `UserError` naming the file when it is missing, empty, cut short, damaged, not such a PNG, or holds a number
    ///   that `Value` cannot hold.
    /// - Parameters:
    ///   - rows: the only rows that are wanted; all when nil. Those below them are not read.
    ///   - channel: takes that channel of a colour PNG (0 red, 1 green, 2 blue), in which some sets store numbers.
    public init(contentsOf url: URL, rows: Range<Int>? = nil, channel: Int? = nil) throws {
        try self.init(decoding: FileBytes.read(url), name: url.path, rows: rows, channel: channel)
    }

    /// As ``init(contentsOf:rows:channel:)`` for a file that is already in memory; `name` is what messages call it.
    public init(decoding bytes: [UInt8], name: String, rows: Range<Int>? = nil, channel: Int? = nil) throws {
        guard try ImageFormat(sniffing: bytes, name: name) == .png else {
            throw UserError(
                "\(name): expected a label PNG, found a JPEG",
                hint: "JPEG changes values, so it cannot hold labels. Write them as PNG with one class index a pixel.")
        }
        self = try PNG.decodeValues(bytes, rows: rows, name: name, channel: channel)
    }

    /// Writes a PNG that holds the numbers unchanged, shown in the palette's colours where one is given (8-bit only).
    public func write(to url: URL, palette: Palette? = nil) throws {
        try AtomicFile.write(PNG.encode(self, palette: palette), to: url)
    }
}
