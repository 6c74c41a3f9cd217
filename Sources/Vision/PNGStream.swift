import CDeflate

/// A PNG of 8 bits a sample, not interlaced, as practically all data sets hold: decompressed by libdeflate, which is several times as
/// fast as spng's zlib, and unfiltered as far as rows are wanted. All other PNGs are left to spng.
struct PNGStream {
    let width: Int
    let height: Int
    /// Bytes a pixel: 1 (grey, palette), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha).
    let channels: Int
    /// The palette's colours, three bytes each; nil for a picture without one.
    let palette: [UInt8]?
    private let bytes: [UInt8]
    /// Where the compressed pieces lie.
    private let pieces: [Range<Int>]

    /// Nil for a PNG of another kind, and for one that spng must judge.
    init?(_ bytes: [UInt8]) {
        var pieces: [Range<Int>] = []
        var palette: [UInt8]?
        var header: [UInt8]?
        var position = 8
        while position + 12 <= bytes.count {
            let length = bytes.bigEndian(at: position)
            let content = position + 8..<position + 8 + length
            guard content.upperBound + 4 <= bytes.count else { return nil }
            switch bytes.bigEndian(at: position + 4) {
            case 0x4948_4452: header = Array(bytes[content])
            case 0x504C_5445: palette = Array(bytes[content])
            case 0x4944_4154: pieces.append(content)
            default: break
            }
            guard bytes.bigEndian(at: position + 4) == 0x4944_4154 || Self.isIntact(bytes, content) else { return nil }
            position = content.upperBound + 4
        }
        guard let header, header.count == 13, header[8...].elementsEqual([8, header[9], 0, 0, 0]), !pieces.isEmpty else { return nil }
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][header[9]]
        guard let channels, header[9] != 3 || palette.map({ !$0.isEmpty && $0.count % 3 == 0 && $0.count <= 768 }) == true else {
            return nil
        }
        (width, height) = (header.bigEndian(at: 0), header.bigEndian(at: 4))
        self.channels = channels
        self.palette = header[9] == 3 ? palette : nil
        self.bytes = bytes
        self.pieces = pieces
    }

    /// Some of the rows, `width * channels` bytes each, unfiltered. The rows below them are not.
    /// - Throws: ``Damage``.
    func rows(_ rows: Range<Int>) throws -> [UInt8] {
        let rowBytes = width * channels
        let filtered = try inflated()
        return try [UInt8](unsafeUninitializedCapacity: rowBytes * rows.count + PNGFilter.slack) { output, count in
            try filtered.withUnsafeBufferPointer { filtered in
                // Rows above the wanted ones take turns in two places of their own.
                try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * rowBytes + PNGFilter.slack) { above in
                    above.initialize(repeating: 0)
                    var previous = UnsafePointer(above.baseAddress!)
                    for row in 0..<rows.upperBound {
                        let target =
                            row < rows.lowerBound
                            ? above.baseAddress! + (row + 1) % 2 * rowBytes : output.baseAddress! + (row - rows.lowerBound) * rowBytes
                        let source = filtered.baseAddress! + row * (rowBytes + 1)
                        guard let filter = PNGFilter(rawValue: source[0]) else { throw Damage("a row has an unknown filter") }
                        filter.undo(source + 1, previous, target, count: rowBytes, channels: channels)
                        previous = UnsafePointer(target)
                    }
                }
            }
            count = rowBytes * rows.count
        }
    }

    /// The rows with their filters, `width * channels + 1` bytes each.
    private func inflated() throws(Damage) -> [UInt8] {
        for piece in pieces where !Self.isIntact(bytes, piece) { throw Damage("a checksum differs") }
        let stream = pieces.count == 1 ? bytes[pieces[0]] : pieces.reduce(into: []) { $0 += bytes[$1] }
        let count = (width * channels + 1) * height
        var status = LIBDEFLATE_BAD_DATA
        let rows = [UInt8](unsafeUninitializedCapacity: count + PNGFilter.slack) { output, written in
            guard let decompressor = libdeflate_alloc_decompressor() else { return }
            defer { libdeflate_free_decompressor(decompressor) }
            status = stream.withUnsafeBytes {
                libdeflate_zlib_decompress(decompressor, $0.baseAddress, $0.count, output.baseAddress, count, nil)
            }
            written = count
        }
        switch status {
        case LIBDEFLATE_SUCCESS: return rows
        case LIBDEFLATE_INSUFFICIENT_SPACE: throw Damage("it holds more than its \(width)×\(height) pixels")
        default: throw Damage("its compressed pixels are damaged or cut short")
        }
    }

    /// Whether a chunk has the checksum that follows it.
    private static func isIntact(_ bytes: [UInt8], _ content: Range<Int>) -> Bool {
        let checksum = bytes[content.lowerBound - 4..<content.upperBound].withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
        return Int(checksum) == bytes.bigEndian(at: content.upperBound)
    }

    /// What is wrong with the pixels.
    struct Damage: Error {
        let description: String

        init(_ description: String) { self.description = description }
    }
}

extension [UInt8] {
    func bigEndian(at index: Int) -> Int {
        Int(self[index]) << 24 | Int(self[index + 1]) << 16 | Int(self[index + 2]) << 8 | Int(self[index + 3])
    }
}
