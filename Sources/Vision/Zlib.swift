import CDeflate

/// Unpacks zlib streams (RFC 1950) that are in memory whole.
package enum Zlib {
    /// The content of a stream, whose checksum is verified; nil when it is damaged or cut short.
    package static func unpack(_ stream: ArraySlice<UInt8>) -> [UInt8]? {
        guard let decompressor = libdeflate_alloc_decompressor() else { return nil }
        defer { libdeflate_free_decompressor(decompressor) }
        // DEFLATE makes no more than 1032 bytes of one; most streams become a few times as long.
        var capacity = 8 * stream.count + 64
        while true {
            var status = LIBDEFLATE_BAD_DATA
            let content = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
                status = stream.withUnsafeBufferPointer {
                    libdeflate_zlib_decompress(decompressor, $0.baseAddress, $0.count, output.baseAddress, capacity, &count)
                }
                if status != LIBDEFLATE_SUCCESS { count = 0 }
            }
            if status == LIBDEFLATE_SUCCESS { return content }
            guard status == LIBDEFLATE_INSUFFICIENT_SPACE, capacity < 1032 * stream.count else { return nil }
            capacity = min(8 * capacity, 1032 * stream.count)
        }
    }
}
