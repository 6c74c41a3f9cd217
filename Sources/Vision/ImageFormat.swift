import Support

/// What a file's first bytes say that it is; extensions are not trusted.
public enum ImageFormat: String, Sendable {
    case jpeg = "JPEG"
    case png = "PNG"

    /// - Throws: `UserError` naming `name` when `bytes` start neither a JPEG nor a PNG file.
    public init(sniffing bytes: [UInt8], name: String) throws {
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if bytes.isEmpty {
            throw UserError("\(name): the file is empty", hint: "Copy it again from its source, or take it out of the data set.")
        } else {
            let found = Self.knownOthers.first { bytes.dropFirst($0.offset).starts(with: Array($0.magic.utf8)) }?.name
            throw UserError(
                "\(name): expected a JPEG or PNG image, found \(found.map { "a \($0) file" } ?? "something else")",
                hint: "Convert it to JPEG or PNG; the file's extension does not matter, its content does.")
        }
    }

    private static let knownOthers: [(offset: Int, magic: String, name: String)] = [
        (0, "GIF8", "GIF"), (8, "WEBP", "WebP"), (0, "BM", "BMP"), (0, "II*\0", "TIFF"), (0, "MM\0*", "TIFF"),
        (4, "ftyp", "HEIF or AVIF"), (0, "<", "HTML or XML"), (0, "version https://git-lfs", "Git LFS pointer"),
    ]
}
